//! What went wrong in other servers with rights and private groups.

mod settings;

use groupchat_domain::permissions::BuiltInRole;
use serde_json::{Value, json};

use crate::events::all_transports::now;
use crate::harness::{Client, Server};

/// The permissions that a group shows to somebody.
async fn permissions(client: &Client, group: &str) -> Value {
    client.get(group).await.ok()["my_permissions"].clone()
}

#[actix_web::test]
async fn what_is_taken_from_members_is_taken_from_nobody_above_them() {
    let server = Server::start().await;
    let (owner, admin) = (server.user("owner").await, server.user("admin").await);
    let (member, guest) = (server.user("member").await, server.user("guest").await);
    for visibility in ["public", "closed", "private"] {
        let draft = json!({"name": format!("a {visibility} one"), "visibility": visibility});
        let group = owner.post("/api/groups", draft).await.created();
        let group = format!("/api/groups/{}", group["id"]);
        owner.add(&group, &admin, "admin").await;
        owner.add(&group, &member, "member").await;
        let before = [permissions(&owner, &group).await, permissions(&admin, &group).await];
        for role in [BuiltInRole::Readonly, BuiltInRole::Member] {
            let taken = json!({"permissions": ["view"]});
            owner.patch(&format!("{group}/roles/{}", role.as_str()), taken).await.ok();
        }
        let after = [permissions(&owner, &group).await, permissions(&admin, &group).await];
        assert_eq!(after, before, "{visibility}");
        assert_eq!(permissions(&member, &group).await, json!(["view"]), "{visibility}");
        member
            .post(&format!("{group}/messages"), json!({"text": "hello"}))
            .await
            .refused(403, "role_too_low");
        for client in [&owner, &admin] {
            let message = client.say_at(&group, "hello").await;
            client.put_empty(&format!("{message}/like")).await.ok();
            client.put_empty(&format!("{message}/pin")).await.ok();
            client.get(&message).await.ok();
            client.patch(&message, json!({"text": "hello again"})).await.ok();
            client.delete(&message).await.no_content();
        }
        admin.add(&group, &guest, "member").await;
        admin.delete(&format!("{group}/members/{}", guest.id())).await.no_content();
    }
}

#[actix_web::test]
async fn what_is_taken_from_everybody_server_admins_keep() {
    let server = Server::start().await;
    let (root, user) = (server.admin("root").await, server.user("user").await);
    root.patch("/api/roles/2", json!({"permissions": []})).await.ok();
    for (path, body) in [
        ("/api/groups", json!({"name": "public"})),
        ("/api/groups", json!({"name": "private", "visibility": "private"})),
        ("/api/direct", json!({"user_ids": [user.id()]})),
    ] {
        root.post(path, body.clone()).await.created();
        if path == "/api/groups" {
            user.post(path, body).await.refused(403, "admin_only");
        }
    }
    user.post("/api/direct", json!({"user_ids": [server.user("other").await.id()]}))
        .await
        .refused(403, "admin_only");
}

/// The names in the lists that a user can ask for with this search.
async fn found(client: &Client, group: &str, search: &str) -> String {
    let mut found = Vec::new();
    for path in ["/api/groups", "/api/users", &format!("{group}/members")] {
        for more in ["", "&mine=true", "&kind=direct", "&all=true", "&ownerless=true"] {
            if !more.is_empty() && path != "/api/groups" {
                continue;
            }
            let answer = client.get(&format!("{path}?q={search}{more}")).await;
            found.push(answer.text().to_owned());
        }
    }
    found.concat()
}

#[actix_web::test]
async fn no_search_and_no_conflict_tells_a_private_name() {
    let server = Server::start().await;
    let [owner, member, outsider] =
        [server.user("owner").await, server.user("member").await, server.user("outsider").await];
    let draft = json!({"name": "Zebra", "description": "zebras only", "visibility": "private"});
    let group = format!("/api/groups/{}", owner.post("/api/groups", draft).await.created()["id"]);
    owner.add(&group, &member, "member").await;
    let open = outsider.new_group("Open").await;
    for search in ["zebra", "z", "Zebra", "zebras", "ebr"] {
        let told = found(&outsider, &open, search).await;
        assert!(!told.to_lowercase().contains("zebra"), "{search}: {told}");
    }
    assert!(found(&member, &group, "zeb").await.contains("Zebra"), "its members find it");
    // A name that only a private group has is free.
    outsider.new_group("ZEBRA").await;
    outsider.post("/api/groups", json!({"name": "zebra", "visibility": "private"})).await.created();
}

#[actix_web::test]
async fn completion_among_the_members_of_a_group_offers_nobody_else() {
    let server = Server::start().await;
    let [owner, anna] = [server.user("owner").await, server.user("anna").await];
    server.user("ann").await;
    server.admin("annabel").await;
    let draft = json!({"name": "Board", "visibility": "private"});
    let group = format!("/api/groups/{}", owner.post("/api/groups", draft).await.created()["id"]);
    owner.add(&group, &anna, "member").await;
    for search in ["?q=ann", "?q=anna", "?q=an&limit=200"] {
        let listed = anna.list(&format!("{group}/members{search}"), "/user/username").await;
        assert_eq!(listed, ["anna"], "{search}");
    }
    anna.delete(&format!("{group}/members/me")).await.no_content();
    assert_eq!(owner.list(&format!("{group}/members?q=ann"), "/user/username").await, [0; 0]);
}

#[actix_web::test]
async fn the_end_of_a_private_group_tells_its_name_to_nobody() {
    let server = Server::start().await;
    let [owner, member, former, invited, outsider] = [
        server.user("owner").await,
        server.user("member").await,
        server.user("former").await,
        server.user("invited").await,
        server.user("outsider").await,
    ];
    let draft = json!({"name": "Zebra", "visibility": "private"});
    let group = owner.post("/api/groups", draft).await.created();
    let (id, path) = (group["id"].clone(), format!("/api/groups/{}", group["id"]));
    owner.add(&path, &member, "member").await;
    owner.add(&path, &former, "member").await;
    owner.delete(&format!("{path}/members/{}", former.id())).await.no_content();
    owner.post(&format!("{path}/invitations"), json!({"user_id": invited.id()})).await.created();
    let begin = now(&owner).await;
    owner.delete(&path).await.no_content();
    server.work_off_jobs().await;
    for (client, expected) in [
        (&member, vec![json!({"type": "group.deleted", "data": {"id": id}})]),
        (&invited, vec![json!({"type": "invitation.withdrawn", "data": {"id": 1}})]),
        (&former, vec![]),
        (&outsider, vec![]),
    ] {
        let answer = client.get(&format!("/api/events?cursor={begin}")).await;
        assert!(!answer.text().contains("Zebra"), "{answer}");
        let told: Vec<_> = answer.json()["items"].as_array().expect("events").clone();
        let told: Vec<_> =
            told.iter().map(|event| json!({"type": event["type"], "data": event["data"]})).collect();
        assert_eq!(told, expected, "{answer}");
    }
}

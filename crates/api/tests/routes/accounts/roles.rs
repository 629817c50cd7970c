//! Roles on the server.

use serde_json::{Value, json};

use crate::harness::{Client, PASSWORD, Server};

/// Defines a role and returns its path.
async fn define(client: &Client, name: &str, permissions: &[&str]) -> i64 {
    let role = client.post("/api/roles", json!({"name": name, "permissions": permissions})).await.created();
    role["id"].as_i64().expect("a role has an id")
}

fn path(user: &Client, role: i64) -> String {
    format!("/api/users/{}/roles/{role}", user.id())
}

fn names(roles: &Value) -> Vec<&str> {
    let items = roles["items"].as_array().expect("a list");
    items.iter().filter_map(|role| role["name"].as_str()).collect()
}

async fn is_admin(user: &Client) -> bool {
    user.get("/api/users/me").await.ok()["is_admin"] == true
}

#[actix_web::test]
async fn a_user_may_do_what_a_role_allows_from_the_next_request_on() {
    let server = Server::start().await;
    let (root, ann) = (server.admin("root").await, server.user("ann").await);
    let draft = json!({"username": "bob", "password": PASSWORD});
    let refused = ann.post("/api/users", draft.clone()).await;
    refused.refused(403, "admin_only");
    let role = define(&root, "Hosts", &["manage_users"]).await;
    let roles = root.put_empty(&path(&ann, role)).await.ok();
    assert_eq!(names(&roles), ["member", "Hosts"]);
    root.put_empty(&path(&ann, role)).await.ok();
    assert_eq!(names(&ann.get("/api/users/me/roles").await.ok()), ["member", "Hosts"]);
    ann.post("/api/users", draft).await.created();
    root.delete(&path(&ann, role)).await.no_content();
    root.delete(&path(&ann, role)).await.no_content();
    let draft = json!({"username": "cid", "password": PASSWORD});
    ann.post("/api/users", draft.clone()).await.refused(403, "admin_only");
    // What a role allows is changed for all who have it, and taken with the role.
    root.put_empty(&path(&ann, role)).await.ok();
    let change = json!({"permissions": [], "name": "Guests"});
    root.patch(&format!("/api/roles/{role}"), change).await.ok();
    ann.post("/api/users", draft.clone()).await.refused(403, "admin_only");
    let change = json!({"permissions": ["manage_users"]});
    root.patch(&format!("/api/roles/{role}"), change).await.ok();
    root.delete(&format!("/api/roles/{role}")).await.no_content();
    ann.post("/api/users", draft).await.refused(403, "admin_only");
    assert_eq!(names(&ann.get("/api/users/me/roles").await.ok()), ["member"]);
    assert_eq!(names(&ann.get("/api/roles").await.ok()), ["admin", "member"]);
}

#[actix_web::test]
async fn admins_are_not_cut_off_by_what_is_taken_from_everybody() {
    let server = Server::start().await;
    let (root, ann) = (server.admin("root").await, server.user("ann").await);
    root.patch("/api/roles/2", json!({"permissions": []})).await.ok();
    ann.post("/api/groups", json!({"name": "Tea"})).await.refused(403, "admin_only");
    root.new_group("Tea").await;
    root.post("/api/groups", json!({"name": "Secret", "visibility": "private"})).await.created();
    let explained = ann.get("/api/users/me/permissions").await.ok();
    assert!(
        explained["items"].as_array().unwrap().iter().all(|item| item["allowed"] == false),
        "{explained}"
    );
    let explained = root.get("/api/users/me/permissions").await.ok();
    let all = explained["items"].as_array().unwrap();
    assert!(all.iter().all(|item| item["reason"]["code"] == "admin"), "{explained}");
}

#[actix_web::test]
async fn a_private_group_is_refused_and_not_made_public() {
    let server = Server::start().await;
    let (root, ann) = (server.admin("root").await, server.user("ann").await);
    root.patch("/api/roles/2", json!({"permissions": ["create_groups"]})).await.ok();
    let draft = json!({"name": "Secret", "visibility": "private"});
    let refused = ann.post("/api/groups", draft).await;
    assert!(refused.text().contains("create_private_groups"), "{refused}");
    refused.refused(403, "admin_only");
    assert_eq!(ann.get("/api/groups").await.ok()["items"], json!([]));
    assert_eq!(root.get("/api/groups?all=true").await.ok()["items"], json!([]));
    // Nor does a group become private in two steps.
    let group = ann.new_group("Open").await;
    ann.patch(&group, json!({"visibility": "private"})).await.refused(403, "admin_only");
    assert_eq!(ann.get(&group).await.ok()["visibility"], "public");
}

#[actix_web::test]
async fn the_role_admin_and_is_admin_are_the_same() {
    let server = Server::start().await;
    let (root, ann) = (server.admin("root").await, server.user("ann").await);
    let roles = root.put_empty(&path(&ann, 1)).await.ok();
    assert_eq!((names(&roles), is_admin(&ann).await), (vec!["admin", "member"], true));
    root.patch(&format!("/api/users/{}", ann.id()), json!({"is_admin": false})).await.ok();
    assert_eq!(names(&ann.get("/api/users/me/roles").await.ok()), ["member"]);
    root.patch(&format!("/api/users/{}", ann.id()), json!({"is_admin": true})).await.ok();
    ann.delete(&path(&root, 1)).await.no_content();
    assert!(!is_admin(&root).await);
    ann.delete(&path(&ann, 1)).await.refused(409, "last_admin");
    for role in ["/api/roles/1", "/api/roles/2"] {
        ann.delete(role).await.refused(409, "role_fixed");
        ann.patch(role, json!({"name": "other"})).await.refused(409, "role_fixed");
    }
    ann.delete(&path(&root, 2)).await.refused(409, "role_fixed");
}

#[actix_web::test]
async fn who_manages_users_touches_no_admin_and_nobody_who_may_do_more() {
    let server = Server::start().await;
    let [root, ann, bob, cid] = [
        server.admin("root").await,
        server.user("ann").await,
        server.user("bob").await,
        server.user("cid").await,
    ];
    let hosts = define(&root, "Hosts", &["manage_users"]).await;
    let auditors = define(&root, "Auditors", &["view_audit"]).await;
    root.put_empty(&path(&ann, hosts)).await.ok();
    root.put_empty(&path(&bob, auditors)).await.ok();
    let password = json!({"password": "another password"});
    for user in [&root, &bob] {
        let user = format!("/api/users/{}", user.id());
        ann.patch(&user, password.clone()).await.refused(403, "admin_only");
        ann.patch(&user, json!({"display_name": "Mallory"})).await.refused(403, "admin_only");
        ann.delete(&user).await.refused(403, "admin_only");
    }
    ann.patch(&format!("/api/users/{}", cid.id()), password).await.ok();
    for promotion in [ann.id(), cid.id()] {
        let user = format!("/api/users/{promotion}");
        ann.patch(&user, json!({"is_admin": true})).await.refused(403, "admin_only");
    }
    let admin = json!({"username": "dot", "password": PASSWORD, "is_admin": true});
    ann.post("/api/users", admin).await.refused(403, "admin_only");
    ann.put_empty(&path(&cid, hosts)).await.refused(403, "admin_only");
}

#[actix_web::test]
async fn who_manages_roles_hands_on_only_what_they_have() {
    let server = Server::start().await;
    let (root, ann, bob) = (server.admin("root").await, server.user("ann").await, server.user("bob").await);
    let stewards = define(&root, "Stewards", &["manage_roles", "manage_groups"]).await;
    let hosts = define(&root, "Hosts", &["manage_users"]).await;
    root.put_empty(&path(&ann, stewards)).await.ok();
    ann.put_empty(&path(&bob, hosts)).await.refused(403, "admin_only");
    ann.put_empty(&path(&ann, hosts)).await.refused(403, "admin_only");
    ann.put_empty(&path(&ann, 1)).await.refused(403, "admin_only");
    ann.delete(&format!("/api/roles/{hosts}")).await.refused(403, "admin_only");
    let more = json!({"permissions": ["manage_roles", "manage_users"]});
    ann.patch(&format!("/api/roles/{stewards}"), more.clone()).await.refused(403, "admin_only");
    ann.patch("/api/roles/2", more).await.refused(403, "admin_only");
    let draft = json!({"name": "Mine", "permissions": ["view_audit"]});
    ann.post("/api/roles", draft).await.refused(403, "admin_only");
    let mine = define(&ann, "Mine", &["manage_groups", "create_groups"]).await;
    ann.put_empty(&path(&bob, mine)).await.ok();
    ann.post("/api/roles", json!({"name": "MINE", "permissions": []})).await.refused(409, "role_name_taken");
}

#[actix_web::test]
async fn what_others_may_do_is_explained_to_those_who_manage_them() {
    let server = Server::start().await;
    let (root, ann, bob) = (server.admin("root").await, server.user("ann").await, server.user("bob").await);
    let hosts = define(&root, "Hosts", &["manage_users"]).await;
    root.put_empty(&path(&ann, hosts)).await.ok();
    let of = |user: &Client| format!("/api/users/{}/permissions", user.id());
    bob.get(&of(&ann)).await.refused(403, "admin_only");
    let explained = ann.get(&of(&bob)).await.ok();
    let reason = |permission: &str| {
        let items = explained["items"].as_array().unwrap();
        let item = items.iter().find(|item| item["permission"] == permission).unwrap();
        (item["allowed"].as_bool().unwrap(), item["reason"]["code"].as_str().unwrap().to_owned())
    };
    assert_eq!(reason("create_groups"), (true, "everybody".to_owned()));
    assert_eq!(reason("manage_users"), (false, "role".to_owned()));
    ann.get("/api/users/999999/permissions").await.refused(404, "user_not_found");
}

#[actix_web::test]
async fn a_provisioned_key_hands_out_no_roles() {
    let server = Server::start().await;
    let root = server.admin("root").await;
    let created = root.post("/api/users", json!({"username": "bot", "password": PASSWORD})).await.created();
    let bot = server.with_key(created["api_key"].as_str().expect("a key").to_owned());
    root.put_empty(&format!("/api/users/{}/roles/1", created["id"])).await.ok();
    bot.post("/api/roles", json!({"name": "x", "permissions": []})).await.refused(403, "provisioned_key");
    let own = format!("/api/users/{}/roles/1", created["id"]);
    bot.delete(&own).await.refused(403, "provisioned_key");
}

#[actix_web::test]
async fn who_manages_groups_sees_whose_they_are_and_joins_as_such() {
    let server = Server::start().await;
    let (root, ann, bob) = (server.admin("root").await, server.user("ann").await, server.user("bob").await);
    let stewards = define(&root, "Stewards", &["manage_groups"]).await;
    let draft = json!({"name": "Secret", "visibility": "private"});
    let group = ann.post("/api/groups", draft).await.created();
    let path = format!("/api/groups/{}", group["id"]);
    ann.post(&format!("{path}/messages"), json!({"text": "hush"})).await.created();
    bob.get("/api/groups?all=true").await.refused(403, "admin_only");
    root.put_empty(&self::path(&bob, stewards)).await.ok();
    let listed = bob.get("/api/groups?all=true").await.ok();
    let listed = &listed["items"][0];
    assert_eq!((&listed["owner"]["username"], &listed["member_count"]), (&json!("ann"), &json!(1)));
    assert_eq!((&listed["last_seq"], &listed["last_message"]), (&json!(1), &Value::Null));
    assert_eq!(ann.get("/api/groups").await.ok()["items"][0]["owner"], Value::Null);
    // Managing is not reading.
    bob.get(&format!("{path}/messages")).await.refused(404, "group_not_found");
    bob.patch(&path, json!({"description": "managed"})).await.ok();
    let joined = bob.post_empty(&format!("{path}/join")).await.created();
    assert_eq!((&joined["role"], &joined["as_admin"]), (&json!("member"), &json!(true)));
    let members = ann.get(&format!("{path}/members")).await.ok();
    let how: Vec<_> = members["items"].as_array().unwrap().iter().map(|member| &member["as_admin"]).collect();
    assert_eq!(how, [false, true]);
    bob.get(&format!("{path}/messages")).await.ok();
}

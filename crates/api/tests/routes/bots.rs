//! Bots: users that programs act as.

use serde_json::{Value, json};

use crate::harness::{Client, PASSWORD, Server};

/// Somebody's new bot: its path, and its id.
async fn new_bot(owner: &Client, name: &str) -> (String, i64) {
    let bot = owner.post("/api/bots", json!({"username": name})).await.created();
    let id = bot["id"].as_i64().expect("an id");
    (format!("/api/bots/{id}"), id)
}

/// The bot, acting by a new token of these scopes.
async fn acting(server: &Server, owner: &Client, bot: &str, scope: &str) -> Client {
    let draft = json!({"name": "CI", "scopes": [scope]});
    let issued = owner.post(&format!("{bot}/tokens"), draft).await.created();
    server.with_key(issued["key"].as_str().expect("a key").to_owned())
}

async fn scene() -> (Server, Client, Client, Client) {
    let server = Server::start().await;
    let (root, ann, bob) = (server.admin("root").await, server.user("ann").await, server.user("bob").await);
    (server, root, ann, bob)
}

#[actix_web::test]
async fn a_bot_acts_in_groups_as_any_user_does() {
    let (server, _, ann, bob) = scene().await;
    let draft = json!({"username": "deploys", "display_name": "Deploys"});
    let bot = ann.post("/api/bots", draft).await.created();
    assert_eq!((&bot["kind"], &bot["owner_id"]), (&json!("bot"), &json!(ann.id())));
    assert_eq!((&bot["is_admin"], &bot["email"]), (&json!(false), &Value::Null));
    let path = format!("/api/bots/{}", bot["id"]);
    let key = acting(&server, &ann, &path, "write").await;
    let me = key.get("/api/users/me").await.ok();
    assert_eq!((&me["username"], &me["kind"]), (&json!("deploys"), &json!("bot")));

    let group = ann.new_group("Builds").await;
    ann.post(&format!("{group}/members"), json!({"user_id": bot["id"]})).await.created();
    let sent = key.say(&group, "Version 3 is out, <@bob>").await;
    assert_eq!(sent["author"]["username"], json!("deploys"));
    key.patch("/api/users/me", json!({"display_name": "Deploys of staging"})).await.ok();

    let seen = bob.get(&format!("/api/users/{}", bot["id"])).await.ok();
    assert_eq!((&seen["owner_id"], &seen["display_name"]), (&json!(ann.id()), &json!("Deploys of staging")));
    let person = bob.get(&format!("/api/users/{}", ann.id())).await.ok();
    assert_eq!((&person["kind"], &person["owner_id"]), (&json!("person"), &Value::Null));
    assert_eq!(bob.list(&format!("/api/bots?owner_id={}", ann.id()), "/id").await, [bot["id"].clone()]);
    assert_eq!(bob.list("/api/bots", "/id").await, [] as [Value; 0]);
}

#[actix_web::test]
async fn a_bot_has_tokens_and_no_other_way_in() {
    let (server, root, ann, _) = scene().await;
    let (path, id) = new_bot(&ann, "deploys").await;
    for password in ["!", PASSWORD] {
        let login = json!({"username": "deploys", "password": password});
        server.nobody().post("/api/login", login).await.refused(401, "invalid_credentials");
    }
    let user = format!("/api/users/{id}");
    for changes in
        [json!({"password": PASSWORD}), json!({"email": "bot@example.org"}), json!({"is_admin": true})]
    {
        root.patch(&user, changes).await.refused(409, "is_bot");
    }
    root.put_empty(&format!("{user}/roles/1")).await.refused(409, "is_bot");
    root.post_empty(&format!("{user}/temporary-password")).await.refused(409, "is_bot");
    root.delete(&format!("{user}/mfa")).await.refused(409, "is_bot");
    root.patch(&user, json!({"username": "releases", "is_admin": false})).await.ok();

    let key = acting(&server, &ann, &path, "admin").await;
    let draft = json!({"username": "offspring"});
    key.post("/api/bots", draft).await.refused(403, "insufficient_scope");
    let draft = json!({"name": "more", "scopes": ["read"]});
    key.post("/api/tokens", draft.clone()).await.refused(403, "insufficient_scope");
    key.post(&format!("{path}/tokens"), draft).await.refused(403, "insufficient_scope");
    key.patch("/api/users/me", json!({"email": "bot@example.org"})).await.refused(403, "insufficient_scope");
    let proof = json!({"password": "!"});
    key.post("/api/users/me/delete", proof).await.refused(403, "insufficient_scope");
}

#[actix_web::test]
async fn only_the_owner_looks_after_the_tokens() {
    let (server, root, ann, bob) = scene().await;
    let (path, _) = new_bot(&ann, "deploys").await;
    let key = acting(&server, &ann, &path, "read").await;
    let tokens = format!("{path}/tokens");
    let listed = ann.get(&tokens).await.ok();
    let token = format!("{tokens}/{}", listed["items"][0]["id"]);
    assert_eq!(listed["items"][0]["key"], Value::Null);
    for other in [&bob, &root] {
        other.get(&tokens).await.refused(403, "not_bot_owner");
        let draft = json!({"name": "mine", "scopes": ["read"]});
        other.post(&tokens, draft).await.refused(403, "not_bot_owner");
        other.delete(&token).await.refused(403, "not_bot_owner");
    }
    key.get("/api/users/me").await.ok();
    // It is not one of the owner's own.
    let own = token.replace(&tokens, "/api/tokens");
    ann.delete(&own).await.refused(404, "token_not_found");
    ann.delete(&token).await.no_content();
    key.get("/api/users/me").await.refused(401, "invalid_key");
    ann.delete(&token).await.refused(404, "token_not_found");
    let person = format!("/api/bots/{}", bob.id());
    for answer in [ann.get(&format!("{person}/tokens")).await, ann.delete(&person).await] {
        answer.refused(404, "bot_not_found");
    }
}

#[actix_web::test]
async fn a_bot_does_nothing_while_its_owner_is_suspended() {
    let (server, root, ann, bob) = scene().await;
    let (path, _) = new_bot(&ann, "deploys").await;
    let key = acting(&server, &ann, &path, "write").await;
    let group = key.new_group("Builds").await;
    let link = key.post(&format!("{group}/invite-links"), json!({})).await.created();
    let link = format!("/api/invite-links/{}", link["code"].as_str().expect("a code"));
    bob.get(&link).await.ok();

    let owner = format!("/api/users/{}", ann.id());
    root.patch(&owner, json!({"suspended": true})).await.ok();
    key.get("/api/users/me").await.refused(401, "invalid_key");
    let closed = bob.get(&link).await;
    assert_eq!(closed.status(), 404, "{closed}");

    root.patch(&owner, json!({"suspended": false})).await.ok();
    key.say(&group, "back").await;
    bob.get(&link).await.ok();
}

#[actix_web::test]
async fn a_bot_ends_with_its_owner_unless_it_is_handed_over() {
    let (server, root, ann, bob) = scene().await;
    let (kept, kept_id) = new_bot(&ann, "kept").await;
    let (lost, lost_id) = new_bot(&ann, "lost").await;
    let (key, lost_key) =
        (acting(&server, &ann, &kept, "write").await, acting(&server, &ann, &lost, "write").await);
    let handed = ann.put(&format!("{kept}/owner"), json!({"user_id": bob.id()})).await.ok();
    assert_eq!(handed["owner_id"], json!(bob.id()));
    ann.get(&format!("{kept}/tokens")).await.refused(403, "not_bot_owner");
    let again = json!({"user_id": ann.id()});
    ann.put(&format!("{kept}/owner"), again).await.refused(403, "admin_only");

    root.delete(&format!("/api/users/{}", ann.id())).await.no_content();
    lost_key.get("/api/users/me").await.refused(401, "invalid_key");
    // Before the job has run, nobody gets it any more.
    let taken = root.put(&format!("{lost}/owner"), json!({"user_id": root.id()})).await;
    taken.refused(404, "bot_not_found");
    server.work_off_jobs().await;
    bob.get(&format!("/api/users/{lost_id}")).await.refused(404, "user_not_found");
    key.get("/api/users/me").await.ok();
    assert_eq!(bob.list("/api/bots", "/id").await, [json!(kept_id)]);
    // Its name is free again.
    new_bot(&bob, "lost").await;
}

#[actix_web::test]
async fn nobody_becomes_an_owner_who_can_not_answer_for_a_bot() {
    let (_, root, ann, bob) = scene().await;
    let (path, id) = new_bot(&ann, "deploys").await;
    let owner = format!("{path}/owner");
    let (_, other) = new_bot(&ann, "other").await;
    ann.put(&owner, json!({"user_id": other})).await.invalid(&[("user_id", "out_of_range")]);
    ann.put(&owner, json!({"user_id": id})).await.invalid(&[("user_id", "out_of_range")]);
    ann.put(&owner, json!({"user_id": 4_000_000})).await.refused(404, "user_not_found");
    root.patch(&format!("/api/users/{}", bob.id()), json!({"suspended": true})).await.ok();
    ann.put(&owner, json!({"user_id": bob.id()})).await.invalid(&[("user_id", "out_of_range")]);
    ann.put(&owner, json!({})).await.invalid(&[("user_id", "required")]);
}

#[actix_web::test]
async fn there_can_be_fifty_bots() {
    let (_, root, ann, bob) = scene().await;
    let (path, _) = new_bot(&bob, "bobs").await;
    for number in 0..50 {
        new_bot(&ann, &format!("bot{number}")).await;
    }
    ann.post("/api/bots", json!({"username": "one-more"})).await.refused(409, "too_many_bots");
    let full = json!({"user_id": ann.id()});
    bob.put(&format!("{path}/owner"), full).await.refused(409, "too_many_bots");
    // All of them end with their owner, in several steps.
    root.delete(&format!("/api/users/{}", ann.id())).await.no_content();
}

#[actix_web::test]
async fn names_are_those_of_all_users() {
    let (_, _, ann, _) = scene().await;
    ann.post("/api/bots", json!({"username": "BOB"})).await.refused(409, "username_taken");
    let with_password = json!({"username": "new", "password": PASSWORD, "is_admin": true});
    let refused = [("password", "not_editable"), ("is_admin", "not_editable")];
    ann.post("/api/bots", with_password).await.invalid(&refused);
    ann.patch("/api/users/me", json!({"owner_id": 1})).await.invalid(&[("owner_id", "not_editable")]);
    ann.post("/api/bots", json!({"username": "@bot"})).await.invalid(&[("username", "invalid_characters")]);
}

#[actix_web::test]
async fn what_is_done_to_bots_is_in_the_audit_log() {
    let (server, root, ann, bob) = scene().await;
    let (path, id) = new_bot(&ann, "deploys").await;
    acting(&server, &ann, &path, "write").await;
    ann.put(&format!("{path}/owner"), json!({"user_id": bob.id()})).await.ok();
    bob.delete(&path).await.no_content();
    let entries = root.list(&format!("/api/audit?target={id}"), "").await;
    let told: Vec<_> =
        entries.iter().map(|entry| (&entry["action"], &entry["actor_id"], &entry["detail"])).collect();
    let (ann, bob) = (json!(ann.id()), json!(bob.id()));
    let expected = [
        (json!("user.deleted"), &bob, Value::Null),
        (json!("user.edited"), &ann, json!("owner_id")),
        (json!("token.created"), &ann, json!("read write")),
        (json!("user.created"), &ann, json!("owner_id")),
    ];
    let expected: Vec<_> = expected.iter().map(|(action, actor, detail)| (action, *actor, detail)).collect();
    assert_eq!(told, expected);
}

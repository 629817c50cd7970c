//! Tokens: issuing, listing and ending them, and what they may do.

mod in_groups;

use std::time::Duration;

use groupchat_domain::accounts::Scope;
use serde_json::{Value, json};

use crate::harness::{Client, PASSWORD, Server, assert_fields, time};
use crate::operations::issue_token;

const FIELDS: [&str; 7] = ["id", "name", "scopes", "group_ids", "created_at", "expires_at", "last_used_at"];

/// Issues a token; its id, and a program that has its key.
async fn issued(server: &Server, user: &Client, draft: Value) -> (i64, Client) {
    let answer = user.post("/api/tokens", draft).await.created();
    let id = answer["token"]["id"].as_i64().expect("an id");
    (id, server.with_key(answer["key"].as_str().map(str::to_owned)))
}

#[actix_web::test]
async fn a_token_has_a_key_that_scanners_know_and_is_listed_without_it() {
    let server = Server::start().await;
    let ann = server.user("ann").await;
    let draft = json!({"name": " Deploys ", "scopes": ["write"], "expires_at": null});
    let answer = ann.post("/api/tokens", draft).await;
    let issued = answer.created();
    assert_fields(&issued, &["key", "token"]);
    let key = issued["key"].as_str().unwrap();
    let rest = key.strip_prefix("gct_").unwrap();
    assert!(rest.len() == 49 && rest.bytes().all(|digit| digit.is_ascii_alphanumeric()), "{key}");
    let token = &issued["token"];
    assert_fields(token, &FIELDS);
    assert_eq!((&token["name"], &token["scopes"]), (&json!("Deploys"), &json!(["read", "write"])));
    assert_eq!((&token["expires_at"], &token["last_used_at"]), (&Value::Null, &Value::Null));
    assert_eq!(token["group_ids"], Value::Null);
    time(&token["created_at"]);
    let listed = ann.get("/api/tokens").await;
    assert!(!listed.text().contains(rest), "{listed}");
    assert_eq!(listed.ok()["items"], json!([token]));
    let sessions = ann.get("/api/sessions").await.ok();
    assert_eq!(sessions["items"].as_array().unwrap().len(), 1, "{sessions}");
    let bob = server.user("bob").await;
    assert_eq!(bob.get("/api/tokens").await.ok()["items"], json!([]));
    bob.delete(&format!("/api/tokens/{}", token["id"])).await.refused(404, "token_not_found");
}

#[actix_web::test]
async fn a_draft_says_what_the_token_is_for_and_may_say_until_when() {
    let server = Server::start().await;
    let ann = server.user("ann").await;
    for (draft, field) in [
        (json!({"scopes": ["read"]}), "name"),
        (json!({"name": "", "scopes": ["read"]}), "name"),
        (json!({"name": "x"}), "scopes"),
        (json!({"name": "x", "scopes": []}), "scopes"),
        (json!({"name": "x", "scopes": ["root"]}), "scopes"),
        (json!({"name": "x", "scopes": ["read", "read", "read", "read"]}), "scopes"),
        (json!({"name": "x", "scopes": ["read"], "expires_at": "2020-01-01T00:00:00Z"}), "expires_at"),
        (json!({"name": "x", "scopes": ["read"], "group_ids": []}), "group_ids"),
        (json!({"name": "x", "scopes": ["read"], "group_ids": [0]}), "group_ids"),
        (json!({"name": "x", "scopes": ["read"], "group_ids": (1..=51).collect::<Vec<_>>()}), "group_ids"),
    ] {
        let refused = ann.post("/api/tokens", draft).await.refused(400, "validation_failed");
        assert_eq!(refused["errors"][0]["field"], field);
    }
    let draft = json!({"name": "x", "scopes": ["admin"], "expires_at": "2999-01-01T00:00:00Z"});
    let token = ann.post("/api/tokens", draft).await.created()["token"].clone();
    assert_eq!(token["scopes"], json!(["read", "write", "admin"]));
    assert_eq!(token["expires_at"], "2999-01-01T00:00:00.000000Z");
}

#[actix_web::test]
async fn a_program_acts_for_the_user_as_far_as_the_scope_goes() {
    let server = Server::start().await;
    let ann = server.user("ann").await;
    let group = ann.new_group("Engines").await;
    let (_, reads) = issued(&server, &ann, json!({"name": "r", "scopes": ["read"]})).await;
    let (id, writes) = issued(&server, &ann, json!({"name": "w", "scopes": ["write"]})).await;
    assert_eq!(reads.get("/api/users/me").await.ok()["username"], "ann");
    let messages = format!("{group}/messages");
    reads.post(&messages, json!({"text": "hi"})).await.refused(403, "insufficient_scope");
    let sent = writes.post(&messages, json!({"text": "hi"})).await.created();
    assert_eq!(sent["author"]["username"], "ann");
    assert_eq!(reads.get(&messages).await.ok()["items"].as_array().unwrap().len(), 1);
    // Once it has ended, its key is nobody's.
    ann.delete(&format!("/api/tokens/{id}")).await.no_content();
    writes.get("/api/users/me").await.refused(401, "invalid_key");
    ann.delete(&format!("/api/tokens/{id}")).await.refused(404, "token_not_found");
    reads.get("/api/users/me").await.ok();
}

#[actix_web::test]
async fn rights_on_the_server_take_the_scope_admin_and_are_those_of_the_moment() {
    let server = Server::start().await;
    let (root, other) = (server.admin("root").await, server.admin("other").await);
    let bob = server.user("bob").await;
    let (_, writes) = issued(&server, &root, json!({"name": "w", "scopes": ["write"]})).await;
    let (_, manages) = issued(&server, &root, json!({"name": "a", "scopes": ["admin"]})).await;
    let user = format!("/api/users/{}", bob.id());
    let name = json!({"display_name": "Bob"});
    writes.patch(&user, name.clone()).await.refused(403, "admin_only");
    manages.patch(&user, name.clone()).await.ok();
    // It makes nobody an admin, and does nothing to one: whoever could set an admin's password would be one.
    manages.patch(&user, json!({"is_admin": true})).await.refused(403, "admin_only");
    let admin = format!("/api/users/{}", other.id());
    manages.patch(&admin, json!({"password": "another password"})).await.refused(403, "admin_only");
    manages.patch(&format!("/api/users/{}", root.id()), name.clone()).await.refused(403, "admin_only");
    // What its user may do no more, it does no more.
    let demoted = json!({"is_admin": false});
    other.patch(&format!("/api/users/{}", root.id()), demoted).await.ok();
    manages.patch(&user, name).await.refused(403, "admin_only");
    manages.get("/api/users/me").await.ok();
}

#[actix_web::test]
async fn a_token_changes_nothing_of_how_its_user_signs_in() {
    let server = Server::start().await;
    let ann = server.user("ann").await;
    let (_, token) = issued(&server, &ann, json!({"name": "a", "scopes": ["admin"]})).await;
    let address = json!({"email": "mallory@example.org"});
    token.patch("/api/users/me", address).await.refused(403, "insufficient_scope");
    token.patch("/api/users/me", json!({"display_name": "Ann"})).await.ok();
    token.get("/api/users/me/sessions").await.refused(403, "insufficient_scope");
    token.delete("/api/users/me/sessions").await.refused(403, "insufficient_scope");
    let change = json!({"current": PASSWORD, "new": "another password"});
    token.put("/api/users/me/password", change).await.refused(403, "insufficient_scope");
}

#[actix_web::test]
async fn tokens_sleep_while_their_user_is_suspended() {
    let server = Server::start().await;
    let (root, ann) = (server.admin("root").await, server.user("ann").await);
    let (_, token) = issued(&server, &ann, json!({"name": "w", "scopes": ["write"]})).await;
    let user = format!("/api/users/{}", ann.id());
    root.patch(&user, json!({"suspended": true})).await.ok();
    token.get("/api/users/me").await.refused(401, "invalid_key");
    root.patch(&user, json!({"suspended": false})).await.ok();
    token.get("/api/users/me").await.ok();
    ann.get("/api/users/me").await.refused(401, "invalid_key");
}

#[actix_web::test]
async fn a_password_that_others_set_ends_tokens_and_one_of_their_own_does_not() {
    let server = Server::start().await;
    let (root, ann) = (server.admin("root").await, server.user("ann").await);
    let (_, token) = issued(&server, &ann, json!({"name": "w", "scopes": ["write"]})).await;
    let change = json!({"current": PASSWORD, "new": "another password"});
    ann.put("/api/users/me/password", change).await.no_content();
    ann.delete("/api/sessions").await.no_content();
    token.get("/api/users/me").await.ok();
    let user = format!("/api/users/{}", ann.id());
    root.patch(&user, json!({"password": "the third password"})).await.ok();
    token.get("/api/users/me").await.refused(401, "invalid_key");
}

#[actix_web::test]
async fn a_token_ends_with_its_time_and_with_its_user() {
    let server = Server::start().await;
    let (root, ann) = (server.admin("root").await, server.user("ann").await);
    let soon = server.run(|tx| tx.now().plus(Duration::from_secs(60))).await;
    let soon = json!(serde_json::to_value(groupchat_api::wire::Time::from(soon)).unwrap());
    let draft = json!({"name": "w", "scopes": ["write"], "expires_at": soon});
    let (_, short) = issued(&server, &ann, draft).await;
    let (_, long) = issued(&server, &ann, json!({"name": "w", "scopes": ["write"]})).await;
    short.get("/api/users/me").await.ok();
    server.advance_clock(Duration::from_secs(61));
    short.get("/api/users/me").await.refused(401, "invalid_key");
    assert_eq!(ann.get("/api/tokens").await.ok()["items"].as_array().unwrap().len(), 1);
    long.get("/api/users/me").await.ok();
    root.delete(&format!("/api/users/{}", ann.id())).await.no_content();
    long.get("/api/users/me").await.refused(401, "invalid_key");
}

#[actix_web::test]
async fn there_can_be_a_hundred_tokens() {
    let server = Server::start().await;
    let ann = server.user("ann").await;
    for _ in 0..100 {
        issue_token(&server, ann.id(), Scope::Read, None).await;
    }
    let draft = json!({"name": "w", "scopes": ["write"]});
    ann.post("/api/tokens", draft.clone()).await.refused(409, "too_many_tokens");
    let first = ann.get("/api/tokens").await.ok()["items"][0]["id"].clone();
    ann.delete(&format!("/api/tokens/{first}")).await.no_content();
    ann.post("/api/tokens", draft).await.created();
}

#[actix_web::test]
async fn what_is_done_with_a_token_names_it_in_the_audit_log() {
    let server = Server::start().await;
    let root = server.admin("root").await;
    let (id, token) = issued(&server, &root, json!({"name": "a", "scopes": ["admin"]})).await;
    let bob = server.user("bob").await;
    token.patch(&format!("/api/users/{}", bob.id()), json!({"display_name": "Bob"})).await.ok();
    let edited = root.get("/api/audit?action=user.edited").await.ok()["items"][0].clone();
    assert_eq!((&edited["session_id"], &edited["actor_id"]), (&json!(id), &json!(root.id())));
    let created = root.get("/api/audit?action=token.created").await.ok()["items"][0].clone();
    assert_eq!((&created["object_id"], &created["detail"]), (&json!(id), &json!("read write admin")));
    root.delete(&format!("/api/tokens/{id}")).await.no_content();
    let ended = root.get("/api/audit?action=token.ended").await.ok()["items"][0].clone();
    assert_eq!((&ended["object_id"], &ended["target_id"]), (&json!(id), &json!(root.id())));
}

//! Second factors that the server requires.

use std::time::Duration;

use groupchat_api::ServerOptions;
use groupchat_domain::accounts::FactorPolicy;
use serde_json::json;

use super::{begin, credentials, finish, set_up, start, ticket};
use crate::harness::{Listening, PASSWORD, Server, WebSocket};

#[actix_web::test]
async fn who_has_none_can_only_set_one_up() {
    let server = start().await.requiring_factors(FactorPolicy::Everybody).await;
    let ann = server.user("ann").await;
    for path in ["/api/groups", "/api/sessions", "/api/users", "/api/events?wait=0"] {
        ann.get(path).await.refused(403, "factor_required");
    }
    ann.post("/api/groups", json!({"name": "Team"})).await.refused(403, "factor_required");
    ann.post_empty("/api/events/ticket").await.refused(403, "factor_required");
    ann.patch("/api/users/me", json!({"display_name": "Ann"})).await.refused(403, "factor_required");
    assert_eq!(ann.get("/api/users/me").await.ok()["username"], "ann");
    assert_eq!(ann.get("/api/users/me/mfa").await.ok()["required"], true);
    let wrong = json!({"current": "wrong", "new": "a whole new password"});
    ann.put("/api/users/me/password", wrong).await.refused(403, "wrong_password");
    let change = json!({"current": PASSWORD, "new": PASSWORD});
    ann.put("/api/users/me/password", change).await.no_content();

    // A set-up that is not confirmed is none.
    begin(&ann).await;
    ann.get("/api/groups").await.refused(403, "factor_required");
    let (_, codes) = set_up(&ann).await;
    ann.get("/api/groups").await.ok();
    let half = ticket(&server, "ann").await;
    let key = finish(&server, &half, &codes[0]).await["api_key"].as_str().expect("a key").to_owned();
    server.with_key(key).get("/api/groups").await.ok();
    // Whoever disables it has to set up another.
    let both = json!({"password": PASSWORD, "code": codes[1]});
    ann.post("/api/users/me/mfa/totp/disable", both).await.no_content();
    ann.get("/api/groups").await.refused(403, "factor_required");
    ann.post_empty("/api/logout").await.no_content();
}

#[actix_web::test]
async fn of_admins_means_whoever_is_one_now() {
    let server = start().await;
    let requiring = server.requiring_factors(FactorPolicy::Admins).await;
    let (first, ann) = (server.admin("root").await, requiring.user("ann").await);
    ann.get("/api/groups").await.ok();
    assert_eq!(ann.get("/api/users/me/mfa").await.ok()["required"], false);
    // The first admin can set one up at once, and then do everything.
    let root = requiring.take_over(&first);
    root.get("/api/groups").await.refused(403, "factor_required");
    set_up(&root).await;
    let path = format!("/api/users/{}", ann.id());
    root.patch(&path, json!({"is_admin": true})).await.ok();
    ann.get("/api/groups").await.refused(403, "factor_required");
    ann.patch("/api/users/1", json!({"is_admin": false})).await.refused(403, "factor_required");
    root.patch(&path, json!({"is_admin": false})).await.ok();
    ann.get("/api/groups").await.ok();
    assert_eq!(root.get("/api/users/me/mfa").await.ok()["required"], true);
}

#[actix_web::test]
async fn a_key_that_came_with_the_account_waits_for_a_factor_too() {
    let server = start().await;
    let root = server.admin("root").await;
    let bob = root.post("/api/users", credentials("bob")).await.created();
    let requiring = server.requiring_factors(FactorPolicy::Everybody).await;
    let key = bob["api_key"].as_str().expect("a key").to_owned();
    let provisioned = requiring.with_key(key);
    provisioned.post("/api/groups", json!({"name": "Team"})).await.refused(403, "factor_required");
    let password = json!({"password": PASSWORD});
    provisioned.post("/api/users/me/mfa/totp", password).await.refused(403, "provisioned_key");
    // Bob signs in, and sets one up.
    let bob = requiring.sign_in_again("bob").await;
    bob.get("/api/groups").await.refused(403, "factor_required");
    set_up(&bob).await;
    bob.post("/api/groups", json!({"name": "Team"})).await.created();
}

#[actix_web::test]
async fn a_session_that_is_refreshed_stays_held_up() {
    let server = start().await.requiring_factors(FactorPolicy::Everybody).await;
    server.user("ann").await;
    let refresh = json!({"username": "ann", "password": PASSWORD, "refresh": true});
    let device = server.nobody().post("/api/login", refresh).await.ok();
    let token = json!({"refresh_token": device["refresh_token"]});
    let device = server.nobody().post("/api/login/refresh", token).await.ok();
    let ann = server.with_key(device["api_key"].as_str().expect("a key").to_owned());
    ann.get("/api/groups").await.refused(403, "factor_required");
}

#[actix_web::test]
async fn a_socket_that_is_open_when_the_rule_begins_refuses_requests_and_ends() {
    let server = Server::start().await;
    let (root, ann) = (server.admin("root").await, server.user("ann").await);
    let options = ServerOptions { heartbeat: Duration::from_millis(500), ..ServerOptions::default() };
    let requiring = server.requiring_factors(FactorPolicy::Admins).await.with_options(options).await;
    let listening = Listening::start(&requiring);
    let (mut socket, _) = WebSocket::open(&listening, &ann, "").await;
    let group = ann.new_group("Team").await;
    let group_id: i64 = group.rsplit('/').next().expect("an id").parse().expect("a number");
    socket.wait_for("group.created").await;
    let send = json!({"type": "send", "group_id": group_id, "text": "hi"});
    assert_eq!(socket.ask(send.clone()).await["error"], json!(null));
    root.patch(&format!("/api/users/{}", ann.id()), json!({"is_admin": true})).await.ok();
    let refused = socket.ask(send).await;
    assert_eq!(refused["error"]["code"], "factor_required");
    // The next check of the session ends it.
    assert_eq!(socket.closed().await.0, 4001);
    listening.stop().await;
}

//! Refresh tokens, and the sessions of others.

use std::time::Duration;

use groupchat_api::ServerOptions;
use serde_json::{Value, json};

use crate::harness::{Client, Listening, PASSWORD, Server, WebSocket, assert_fields, time};

const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(24 * 3_600);

async fn log_in(server: &Server, name: &str) -> Value {
    let body = json!({"username": name, "password": PASSWORD, "refresh": true, "device_name": "phone"});
    server.nobody().post("/api/login", body).await.ok()
}

fn token(answer: &Value) -> Value {
    json!({"refresh_token": answer["refresh_token"]})
}

async fn refresh(server: &Server, answer: &Value) -> Value {
    server.nobody().post("/api/login/refresh", token(answer)).await.ok()
}

async fn refused(server: &Server, answer: &Value, code: &str) {
    server.nobody().post("/api/login/refresh", token(answer)).await.refused(401, code);
}

fn client(server: &Server, answer: &Value) -> Client {
    server.with_key(answer["api_key"].as_str().map(str::to_owned))
}

async fn works(server: &Server, answer: &Value) -> bool {
    client(server, answer).get("/api/users/me").await.status() == 200
}

#[actix_web::test]
async fn a_login_that_asks_gets_a_token_and_a_key_for_an_hour() {
    let server = Server::start().await;
    server.user("ann").await;
    let login = log_in(&server, "ann").await;
    assert!(login["refresh_token"].as_str().unwrap().starts_with("gcr_"));
    assert!(time(&login["expires_at"]).as_str() < time(&login["refresh_expires_at"]).as_str());
    let ann = client(&server, &login);
    let listed = ann.list("/api/sessions", "").await.remove(0);
    assert_eq!(listed["device_name"], "phone");
    for field in ["expires_at", "refresh_expires_at"] {
        assert_eq!(listed[field], login[field], "{field}");
    }
    server.advance_clock(HOUR - Duration::from_secs(10));
    assert!(works(&server, &login).await);
    server.advance_clock(Duration::from_secs(20));
    ann.get("/api/users/me").await.refused(401, "invalid_key");
    refresh(&server, &login).await;
}

#[actix_web::test]
async fn a_refresh_changes_both_and_the_session_stays() {
    let server = Server::start().await;
    server.user("ann").await;
    let login = log_in(&server, "ann").await;
    let next = refresh(&server, &login).await;
    let fields = ["api_key", "expires_at", "refresh_token", "refresh_expires_at", "device_token", "user"];
    assert_fields(&next, &fields);
    assert_eq!(next["device_token"], Value::Null, "nobody signed in");
    assert_eq!(next["user"], login["user"]);
    for field in ["api_key", "refresh_token"] {
        assert_ne!(next[field], login[field], "{field}");
    }
    let current = |list: Vec<Value>| list.into_iter().find(|session| session["current"] == true).unwrap();
    let ids = [&login, &next].map(|answer| client(&server, answer));
    let before = current(ids[0].list("/api/sessions", "").await);
    let after = current(ids[1].list("/api/sessions", "").await);
    assert_eq!(before["id"], after["id"]);
    // Requests that are under way with the key of before don't fail.
    assert!(works(&server, &login).await && works(&server, &next).await);
    server.advance_clock(Duration::from_secs(61));
    assert_eq!((works(&server, &login).await, works(&server, &next).await), (false, true));
}

#[actix_web::test]
async fn a_lost_answer_comes_again() {
    let server = Server::start().await;
    server.user("ann").await;
    let login = log_in(&server, "ann").await;
    let first = refresh(&server, &login).await;
    server.advance_clock(Duration::from_secs(10));
    let again = refresh(&server, &login).await;
    assert_eq!(first, again);
    // A second tab that has the same pair goes on as well.
    let second = refresh(&server, &first).await;
    assert_eq!(refresh(&server, &again).await, second);
    assert!(works(&server, &second).await);
}

#[actix_web::test]
async fn a_stolen_token_ends_its_session_and_no_other() {
    let server = Server::start().await;
    let ann = server.user("ann").await;
    let (stolen, other) = (log_in(&server, "ann").await, log_in(&server, "ann").await);
    let next = refresh(&server, &stolen).await;
    server.advance_clock(Duration::from_secs(16));
    refused(&server, &stolen, "refresh_reused").await;
    // Neither the thief nor the owner can go on.
    assert!(!works(&server, &next).await);
    refused(&server, &next, "invalid_refresh_token").await;
    refused(&server, &stolen, "invalid_refresh_token").await;
    assert!(works(&server, &other).await);
    refresh(&server, &other).await;
    ann.get("/api/users/me").await.ok();
    let root = server.admin("root").await;
    assert_eq!(root.list("/api/audit?action=session.refresh_reused", "/target_id").await, [ann.id()]);
}

#[actix_web::test]
async fn a_token_of_long_ago_is_stolen_at_any_time() {
    let server = Server::start().await;
    server.user("ann").await;
    let first = log_in(&server, "ann").await;
    let second = refresh(&server, &first).await;
    let third = refresh(&server, &second).await;
    refused(&server, &first, "refresh_reused").await;
    assert!(!works(&server, &third).await);
}

#[actix_web::test]
async fn a_token_that_nobody_has_is_refused_and_ends_nothing() {
    let server = Server::start().await;
    server.user("ann").await;
    let login = log_in(&server, "ann").await;
    let text = login["refresh_token"].as_str().unwrap().to_owned();
    let last = if text.ends_with('x') { 'y' } else { 'x' };
    let mistyped = format!("{}{last}", &text[..text.len() - 1]);
    let swapped = format!("gcr_{}{}", &text[36..68], &text[4..36]);
    for wrong in ["", "gcr_", "x", mistyped.as_str(), &swapped, login["api_key"].as_str().unwrap()] {
        let body = json!({"refresh_token": wrong});
        let answer = server.nobody().post("/api/login/refresh", body.clone()).await;
        answer.refused(401, "invalid_refresh_token");
        server.nobody().post("/api/logout", body).await.refused(401, "invalid_refresh_token");
    }
    let nobody = server.nobody();
    nobody.post("/api/login/refresh", json!({})).await.invalid(&[("refresh_token", "required")]);
    // Nor is it a key.
    server.with_key(text).get("/api/users/me").await.refused(401, "invalid_key");
    refresh(&server, &login).await;
}

#[actix_web::test]
async fn a_session_ends_after_thirty_idle_days_and_after_ninety_in_any_case() {
    let server = Server::start().await;
    server.user("ann").await;
    let (idle, mut used) = (log_in(&server, "ann").await, log_in(&server, "ann").await);
    for _ in 0..3 {
        server.advance_clock(30 * DAY - Duration::from_secs(20));
        used = refresh(&server, &used).await;
    }
    refused(&server, &idle, "invalid_refresh_token").await;
    // Its last key ends with it.
    assert_eq!(used["expires_at"], used["refresh_expires_at"]);
    server.advance_clock(Duration::from_secs(70));
    refused(&server, &used, "invalid_refresh_token").await;
    assert!(!works(&server, &used).await);
}

#[actix_web::test]
async fn a_refresh_token_signs_out_without_a_key() {
    let server = Server::start().await;
    server.user("ann").await;
    let (login, other) = (log_in(&server, "ann").await, log_in(&server, "ann").await);
    let next = refresh(&server, &login).await;
    server.advance_clock(2 * HOUR);
    let expired = client(&server, &next);
    expired.post_empty("/api/logout").await.refused(401, "invalid_key");
    expired.post("/api/logout", token(&next)).await.no_content();
    refused(&server, &next, "invalid_refresh_token").await;
    server.nobody().post("/api/logout", token(&next)).await.refused(401, "invalid_refresh_token");
    server.nobody().post("/api/logout", token(&other)).await.no_content();
    server.nobody().post("/api/logout", json!({})).await.refused(401, "missing_key");
    server.nobody().post("/api/logout", json!({"refresh_token": null})).await.refused(401, "missing_key");
}

#[actix_web::test]
async fn a_key_signs_its_refresh_token_out() {
    let server = Server::start().await;
    server.user("ann").await;
    let login = log_in(&server, "ann").await;
    let next = refresh(&server, &login).await;
    // Also by the key of before.
    client(&server, &login).post_empty("/api/logout").await.no_content();
    refused(&server, &next, "invalid_refresh_token").await;
    assert!(!works(&server, &next).await);
}

#[actix_web::test]
async fn what_ends_sessions_ends_refresh_tokens() {
    let server = Server::start().await;
    let (ann, root) = (server.user("ann").await, server.admin("root").await);
    let change = json!({"current": PASSWORD, "new": PASSWORD});
    let session = |login: &Value| {
        let client = client(&server, login);
        async move { client.list("/api/sessions", "").await[0]["id"].clone() }
    };
    let login = log_in(&server, "ann").await;
    ann.put("/api/users/me/password", change).await.no_content();
    refused(&server, &login, "invalid_refresh_token").await;
    let login = log_in(&server, "ann").await;
    let id = session(&login).await;
    ann.delete(&format!("/api/sessions/{id}")).await.no_content();
    refused(&server, &login, "invalid_refresh_token").await;
    let login = log_in(&server, "ann").await;
    root.delete(&format!("/api/users/{}/sessions", ann.id())).await.no_content();
    refused(&server, &login, "invalid_refresh_token").await;
    let login = log_in(&server, "ann").await;
    root.delete(&format!("/api/users/{}", ann.id())).await.no_content();
    refused(&server, &login, "invalid_refresh_token").await;
}

#[actix_web::test]
async fn connections_last_as_long_as_the_session() {
    let server = Server::start().await;
    server.user("ann").await;
    let login = log_in(&server, "ann").await;
    let options = ServerOptions { heartbeat: Duration::from_millis(300), ..ServerOptions::default() };
    let beating = server.with_options(options).await;
    let listening = Listening::start(&beating);
    let (mut socket, _) = WebSocket::open(&listening, &client(&server, &login), "").await;
    let next = refresh(&server, &login).await;
    // The key that opened it is long gone, but not the session.
    server.advance_clock(2 * HOUR);
    for _ in 0..3 {
        socket.wait_for("heartbeat").await;
    }
    assert_eq!(socket.ask(json!({"type": "ping"})).await["type"], "reply");
    let made = socket.ask(json!({"type": "typing", "group_id": 999})).await;
    assert_eq!(made["error"]["code"], "group_not_found", "{made}");
    refused(&server, &login, "refresh_reused").await;
    assert_eq!(socket.closed().await.0, 4001);
    refused(&server, &next, "invalid_refresh_token").await;
    listening.stop().await;
}

#[actix_web::test]
async fn the_other_devices_are_told_of_a_stolen_token() {
    let server = Server::start().await;
    let (ann, bob) = (server.user("ann").await, server.user("bob").await);
    let listening = Listening::start(&server);
    let (mut socket, _) = WebSocket::open(&listening, &ann, "").await;
    let (mut others, _) = WebSocket::open(&listening, &bob, "").await;
    let first = log_in(&server, "ann").await;
    let second = refresh(&server, &first).await;
    refresh(&server, &second).await;
    refused(&server, &first, "refresh_reused").await;
    let event = socket.wait_for("security.refresh_reused").await;
    assert_eq!((&event["data"], &event["actor_id"]), (&json!({"id": ann.id()}), &Value::Null));
    ann.patch("/api/users/me", json!({"display_name": "Ann"})).await.ok();
    assert_eq!(others.next().await["type"], "user.updated", "nobody else is told");
    listening.stop().await;
}

#[actix_web::test]
async fn those_who_manage_users_list_and_end_the_sessions_of_others() {
    let server = Server::start().await;
    let (ann, bob, root) = (server.user("ann").await, server.user("bob").await, server.admin("root").await);
    let login = log_in(&server, "ann").await;
    let path = format!("/api/users/{}/sessions", ann.id());
    let listed = root.list(&path, "").await;
    let mut own = client(&server, &login).list("/api/sessions", "").await;
    for session in &mut own {
        session["current"] = json!(false);
    }
    assert_eq!(listed, own);
    bob.get(&path).await.refused(403, "admin_only");
    bob.delete(&path).await.refused(403, "admin_only");
    let id = &listed[0]["id"];
    bob.delete(&format!("{path}/{id}")).await.refused(403, "admin_only");
    root.delete(&format!("/api/users/{}/sessions/{id}", bob.id())).await.refused(404, "session_not_found");
    root.delete(&format!("{path}/{id}")).await.no_content();
    assert!(!works(&server, &login).await);
    root.delete(&format!("{path}/{id}")).await.refused(404, "session_not_found");
    ann.get("/api/users/me").await.ok();
    root.delete(&path).await.no_content();
    ann.get("/api/users/me").await.refused(401, "invalid_key");
    root.delete(&path).await.no_content();
    root.get("/api/users/999999/sessions").await.refused(404, "user_not_found");
    bob.get("/api/users/999999/sessions").await.refused(404, "user_not_found");
    // Of oneself, everybody may.
    assert_eq!(bob.list("/api/users/me/sessions", "/current").await, [true]);
    bob.delete("/api/users/me/sessions").await.no_content();
    bob.get("/api/users/me").await.refused(401, "invalid_key");
}

#[actix_web::test]
async fn nobody_sees_or_ends_the_sessions_of_those_who_may_do_more() {
    let server = Server::start().await;
    let (ann, root) = (server.user("ann").await, server.admin("root").await);
    let draft = json!({"name": "Manager", "permissions": ["manage_users"]});
    let role = root.post("/api/roles", draft).await.created();
    root.put_empty(&format!("/api/users/{}/roles/{}", ann.id(), role["id"])).await.ok();
    let path = format!("/api/users/{}/sessions", root.id());
    ann.get(&path).await.refused(403, "admin_only");
    ann.delete(&path).await.refused(403, "admin_only");
    ann.delete(&format!("{path}/1")).await.refused(403, "admin_only");
    root.get("/api/users/me").await.ok();
}

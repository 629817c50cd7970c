//! A session that ends takes its connections with it, at once and however it ends.

use std::cell::Cell;
use std::time::Duration;

use futures_util::join;
use groupchat_api::ServerOptions;
use groupchat_domain::accounts::LOGIN_LIFETIME;
use serde_json::json;
use tokio::io::AsyncReadExt;
use tokio::time::timeout;

use crate::harness::{Client, EventStream, Listening, PASSWORD, Server, WebSocket};

/// Those who make a session end: the one who listens, the same user elsewhere, an admin.
struct People {
    listener: Client,
    elsewhere: Client,
    admin: Client,
    user: i64,
}

/// Checks that connections of the session end, and those of another session of the same user only if they should.
async fn assert_ends(end: impl AsyncFn(&People), elsewhere_too: bool) {
    let server = Server::start().await;
    let (ann, admin) = (server.user("ann").await, server.admin("root").await);
    let (listener, elsewhere) = (server.sign_in_again("ann").await, server.sign_in_again("ann").await);
    let people = People { listener, elsewhere, admin, user: ann.id() };
    let listening = Listening::start(&server);
    let (mut socket, _) = WebSocket::open(&listening, &people.listener, "").await;
    let (mut stream, _) = EventStream::open(&listening, &people.listener, "").await;
    let (mut other, _) = WebSocket::open(&listening, &people.elsewhere, "").await;
    // All of them are past their past.
    people.admin.patch("/api/users/me", json!({"display_name": "Root"})).await.ok();
    let seen = (socket.next().await, stream.next().await, other.next().await);
    assert_eq!((&seen.0, &seen.0), (&seen.1, &seen.2));

    end(&people).await;
    assert_eq!(socket.closed().await.0, 4001);
    assert_eq!(stream.last().await["data"], json!({"reason": "signed_out"}));
    if elsewhere_too {
        assert_eq!(other.closed().await.0, 4001);
    } else {
        assert_eq!(other.ask(json!({"type": "ping"})).await["type"], "reply");
    }
    listening.stop().await;
}

#[actix_web::test]
async fn signing_out_ends_the_connections_of_the_session() {
    let end = async |people: &People| people.listener.post_empty("/api/logout").await.no_content();
    assert_ends(end, false).await;
}

#[actix_web::test]
async fn ending_a_session_from_another_one_does() {
    let end = async |people: &People| people.elsewhere.delete("/api/sessions").await.no_content();
    assert_ends(end, false).await;
}

#[actix_web::test]
async fn a_new_password_does() {
    let end = async |people: &People| {
        let change = json!({"current": PASSWORD, "new": "another password"});
        people.elsewhere.put("/api/users/me/password", change).await.no_content();
    };
    assert_ends(end, false).await;
}

#[actix_web::test]
async fn a_password_set_by_an_admin_ends_them_all() {
    let end = async |people: &People| {
        let path = format!("/api/users/{}", people.user);
        people.admin.patch(&path, json!({"password": "another password"})).await.ok();
    };
    assert_ends(end, true).await;
}

#[actix_web::test]
async fn a_temporary_password_ends_them_all() {
    let end = async |people: &People| {
        let path = format!("/api/users/{}/temporary-password", people.user);
        people.admin.post_empty(&path).await.created();
    };
    assert_ends(end, true).await;
}

#[actix_web::test]
async fn suspending_the_user_ends_them_all() {
    let end = async |people: &People| {
        let path = format!("/api/users/{}", people.user);
        people.admin.patch(&path, json!({"suspended": true})).await.ok();
    };
    assert_ends(end, true).await;
}

#[actix_web::test]
async fn deleting_the_user_ends_them_all() {
    let end = async |people: &People| {
        people.admin.delete(&format!("/api/users/{}", people.user)).await.no_content();
    };
    assert_ends(end, true).await;
}

#[actix_web::test]
async fn what_stops_the_owner_of_a_bot_ends_those_of_the_bot() {
    for deletes in [false, true] {
        let server = Server::start().await;
        let (ann, admin) = (server.user("ann").await, server.admin("root").await);
        let bot = ann.post("/api/bots", json!({"username": "deploys"})).await.created();
        let draft = json!({"name": "CI", "scopes": ["write"]});
        let issued = ann.post(&format!("/api/bots/{}/tokens", bot["id"]), draft).await.created();
        let bot = server.with_key(issued["key"].as_str().map(str::to_owned));
        let listening = Listening::start(&server);
        let (mut socket, _) = WebSocket::open(&listening, &bot, "").await;
        let (mut stream, _) = EventStream::open(&listening, &bot, "").await;
        let path = format!("/api/users/{}", ann.id());
        if deletes {
            admin.delete(&path).await.no_content();
        } else {
            admin.patch(&path, json!({"suspended": true})).await.ok();
        }
        assert_eq!(socket.closed().await.0, 4001);
        assert_eq!(stream.last().await["type"], "end");
        listening.stop().await;
    }
}

#[actix_web::test]
async fn a_key_that_expires_ends_them_too() {
    let server = Server::start().await;
    let options = ServerOptions { heartbeat: Duration::from_millis(500), ..ServerOptions::default() };
    let ann = server.user("ann").await;
    let listening = Listening::start(&server.with_options(options).await);
    let (mut socket, _) = WebSocket::open(&listening, &ann, "").await;
    let (mut stream, _) = EventStream::open(&listening, &ann, "").await;
    server.advance_clock(LOGIN_LIFETIME);
    assert_eq!(socket.closed().await.0, 4001);
    assert_eq!(stream.last().await["type"], "end");
    listening.stop().await;
}

#[actix_web::test]
async fn a_request_in_the_name_of_an_expired_session_is_refused_and_ends_the_connection() {
    let server = Server::start().await;
    let ann = server.user("ann").await;
    let listening = Listening::start(&server);
    let (mut socket, _) = WebSocket::open(&listening, &ann, "").await;
    ann.new_group("Team").await;
    socket.wait_for("group.created").await;
    server.advance_clock(LOGIN_LIFETIME);
    let refused = socket.ask(json!({"type": "send", "group_id": 1, "text": "hi"})).await;
    assert_eq!(refused["error"]["code"], "invalid_key");
    assert_eq!(socket.closed().await.0, 4001);
    listening.stop().await;
}

#[actix_web::test]
async fn a_server_that_stops_asks_everybody_to_come_back() {
    let server = Server::start().await;
    let ann = server.user("ann").await;
    let listening = Listening::start(&server);
    let (mut socket, _) = WebSocket::open(&listening, &ann, "").await;
    let (mut stream, _) = EventStream::open(&listening, &ann, "").await;
    server.state().live.stop();
    let (code, said) = socket.closed().await;
    let last = said.last().expect("something was said");
    assert_eq!(json!([code, last["type"]]), json!([1012, "reconnect"]));
    assert!((500..5_000).contains(&last["data"]["after_ms"].as_u64().unwrap()), "{last}");
    assert_eq!(stream.last().await["data"], json!({"reason": "stopping"}));
    // Whoever comes now is sent away alike.
    let (mut late, _) = WebSocket::open(&listening, &ann, "").await;
    assert_eq!(late.closed().await.0, 1012);
    listening.stop().await;
}

#[actix_web::test]
async fn a_client_that_says_nothing_any_more_is_dropped() {
    let server = Server::start().await;
    let options = ServerOptions { heartbeat: Duration::from_millis(500), ..ServerOptions::default() };
    let ann = server.user("ann").await;
    let listening = Listening::start(&server.with_options(options).await);
    let (mut alive, _) = WebSocket::open(&listening, &ann, "").await;
    let (socket, _) = WebSocket::open(&listening, &ann, "").await;
    // From here on nobody answers pings.
    let mut tcp = socket.into_tcp();
    let (mut unread, is_over) = (Vec::new(), Cell::new(false));
    let dropped = async {
        let ended = timeout(Duration::from_secs(30), tcp.read_to_end(&mut unread)).await;
        is_over.set(true);
        ended.expect("the connection ends")
    };
    // Who answers them stays.
    let stays = async {
        while !is_over.get() {
            alive.wait_for("heartbeat").await;
        }
    };
    let _ = join!(dropped, stays);
    alive.wait_for("heartbeat").await;
    listening.stop().await;
}

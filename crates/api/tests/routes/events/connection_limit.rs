//! How many connections for events one user may have.

use std::time::Duration;

use groupchat_api::ServerOptions;
use groupchat_infra::HubOptions;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

use super::all_transports::{ask_all, now, now_with};
use super::deadlines::until;
use crate::harness::{Client, EventStream, Listening, Server, WebSocket};

/// A server where each user has one place, and whose clients are soon too slow.
async fn narrow_server() -> Server {
    let write_timeout = Duration::from_millis(100);
    let options = ServerOptions { connections_per_user: 1, write_timeout, ..ServerOptions::default() };
    let poll_interval = Duration::from_millis(20);
    let server = Server::with_hub(HubOptions { poll_interval, ..HubOptions::default() }).await;
    server.with_options(options).await
}

async fn assert_full(client: &Client) {
    for answer in ask_all(client).await {
        let wait: u64 = answer.header("retry-after").expect("a time to wait").parse().expect("seconds");
        assert!((1..=5).contains(&wait), "{wait}");
        answer.refused(429, "too_many_requests");
    }
}

async fn has_place(client: &Client) -> bool {
    client.get("/api/events").await.status() == 200
}

/// A request for events as bytes, on a connection that the test holds.
pub(super) async fn ask_for(listening: &Listening, client: &Client, path: &str) -> TcpStream {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.set_recv_buffer_size(4_096).expect("a small buffer");
    let mut tcp = socket.connect(listening.address()).await.expect("connects");
    let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\nX-API-Key: {}\r\n\r\n", client.key());
    tcp.write_all(request.as_bytes()).await.expect("the request is sent");
    tcp
}

/// Connections, one of which has the only place: asked for until one is there before the look at it, which takes the
/// place for a moment, too.
async fn take_place(listening: &Listening, client: &Client, path: &str) -> Vec<TcpStream> {
    let mut asked = Vec::new();
    until(async || {
        let is_full = !has_place(client).await;
        if !is_full {
            asked.push(ask_for(listening, client, path).await);
        }
        is_full
    })
    .await;
    asked
}

#[actix_web::test]
async fn whoever_has_all_of_theirs_is_refused_on_every_transport_until_one_ends() {
    let server = narrow_server().await;
    let (ann, bob) = (server.user("ann").await, server.user("bob").await);
    let listening = Listening::start(&server);
    let (socket, _) = WebSocket::open(&listening, &ann, "").await;
    assert_full(&ann).await;
    assert!(has_place(&bob).await);
    drop(socket);
    until(async || has_place(&ann).await).await;

    let (stream, _) = EventStream::open(&listening, &ann, "").await;
    assert_full(&ann).await;
    drop(stream);
    until(async || has_place(&ann).await).await;

    let path = format!("/api/events?cursor={}&wait=60", now(&ann).await);
    let poll = take_place(&listening, &ann, &path).await;
    assert_full(&ann).await;
    drop(poll);
    until(async || has_place(&ann).await).await;
    listening.stop().await;
}

#[actix_web::test]
async fn whoever_hangs_up_gives_the_place_back_at_once() {
    let server = narrow_server().await;
    let ann = server.user("ann").await;
    let listening = Listening::start(&server);
    let poll = format!("/api/events?cursor={}&wait=60", now(&ann).await);
    for path in [&poll, "/api/events/stream", "/api/events/socket"] {
        let mut connections = match path {
            "/api/events/socket" => vec![WebSocket::open(&listening, &ann, "").await.0.into_tcp()],
            path => take_place(&listening, &ann, path).await,
        };
        // Only this half of each: nothing is sent back that would tell the server of the other.
        for tcp in &mut connections {
            tcp.shutdown().await.unwrap();
        }
        until(async || has_place(&ann).await).await;
    }
    listening.stop().await;
}

/// Says more and more, until it is more than what the system keeps on the way, and the server no longer counts Bob
/// among those who listen. His presence tells of that, once the time in which he could come back is over.
async fn talk_until_gone(server: &Server, cys: &mut WebSocket, ann: &Client, group: &str) {
    let text = "\u{1f980}".repeat(10_000);
    until(async || {
        ann.say(group, &text).await;
        server.advance_clock(Duration::from_secs(31));
        let told = timeout(Duration::from_millis(10), cys.wait_for("presence")).await;
        told.is_ok_and(|told| told["data"]["presence"] == "offline")
    })
    .await;
}

#[actix_web::test]
async fn whoever_does_not_read_keeps_the_place_as_long_as_the_connection() {
    let server = narrow_server().await;
    let people = [server.user("ann").await, server.user("bob").await, server.user("cy").await];
    let [ann, bob, cy] = &people;
    let listening = Listening::start(&server);
    let (group, aside) = (ann.new_group("Team").await, bob.new_group("Aside").await);
    ann.add(&group, bob, "member").await;
    bob.add(&aside, cy, "member").await;
    now_with(cy, 6).await;
    let (mut cys, _) = WebSocket::open(&listening, cy, "").await;
    for path in ["/api/events/stream", "/api/events/socket"] {
        let unread = match path {
            "/api/events/socket" => WebSocket::narrow(&listening, bob).await.into_tcp(),
            path => ask_for(&listening, bob, path).await,
        };
        while cys.wait_for("presence").await["data"] != online(bob) {}
        talk_until_gone(&server, &mut cys, ann, &group).await;
        // What waits for him still takes room.
        assert_full(bob).await;
        drop(unread);
        until(async || has_place(bob).await).await;
    }
    listening.stop().await;
}

fn online(who: &Client) -> Value {
    json!({"user_id": who.id(), "presence": "online", "last_seen_at": null})
}

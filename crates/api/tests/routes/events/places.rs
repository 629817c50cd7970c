//! How many connections for events one user may have.

use std::time::Duration;

use actix_web::test::TestRequest;
use groupchat_api::ServerOptions;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

use super::all_transports::now;
use super::patience::until;
use crate::harness::{Answer, Client, EventStream, Listening, Server, WebSocket};

/// A server where each user has one place, and whose clients are soon too slow.
async fn narrow_server() -> Server {
    let patience = Duration::from_millis(100);
    let options = ServerOptions { connections_per_user: 1, patience, ..ServerOptions::default() };
    Server::start().await.with_options(options).await
}

/// Asks for events on each transport, without listening.
async fn ask_all(client: &Client) -> [Answer; 3] {
    let upgrade = [
        ("Connection", "upgrade"),
        ("Upgrade", "websocket"),
        ("Sec-WebSocket-Version", "13"),
        ("Sec-WebSocket-Key", "x3JJHMbDL1EzLkh9GBhXDw=="),
    ];
    let socket = TestRequest::get().uri("/api/events/socket");
    let socket = upgrade.into_iter().fold(socket, TestRequest::insert_header);
    let stream = TestRequest::get().uri("/api/events/stream");
    [client.send(socket).await, client.send(stream).await, client.get("/api/events").await]
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
async fn ask_for(listening: &Listening, client: &Client, path: &str) -> TcpStream {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.set_recv_buffer_size(4_096).expect("a small buffer");
    let mut tcp = socket.connect(listening.address()).await.expect("connects");
    let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\nX-API-Key: {}\r\n\r\n", client.key());
    tcp.write_all(request.as_bytes()).await.expect("the request is sent");
    tcp
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
    let poll = ask_for(&listening, &ann, &path).await;
    until(async || !has_place(&ann).await).await;
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
        let mut tcp = match path {
            "/api/events/socket" => WebSocket::open(&listening, &ann, "").await.0.into_tcp(),
            path => ask_for(&listening, &ann, path).await,
        };
        until(async || !has_place(&ann).await).await;
        // Only this half of the connection: nothing is sent back that would tell the server of the other.
        tcp.shutdown().await.unwrap();
        until(async || has_place(&ann).await).await;
        let mut rest = Vec::new();
        let _ = tcp.read_to_end(&mut rest).await;
    }
    listening.stop().await;
}

#[actix_web::test]
async fn whoever_does_not_read_loses_the_place() {
    let server = narrow_server().await;
    let (ann, bob) = (server.user("ann").await, server.user("bob").await);
    let listening = Listening::start(&server);
    let group = ann.new_group("Team").await;
    ann.add(&group, &bob, "member").await;
    let text = "\u{1f980}".repeat(10_000);
    for path in ["/api/events/stream", "/api/events/socket"] {
        let _unread = match path {
            "/api/events/socket" => WebSocket::narrow(&listening, &bob).await.into_tcp(),
            path => ask_for(&listening, &bob, path).await,
        };
        until(async || !has_place(&bob).await).await;
        // More and more, until it is more than what the system keeps on the way.
        until(async || {
            ann.say(&group, &text).await;
            has_place(&bob).await
        })
        .await;
    }
    listening.stop().await;
}

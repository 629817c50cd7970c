//! One who does not keep up is disconnected, and the others don't notice.

use std::time::Duration;

use groupchat_api::ServerOptions;
use groupchat_infra::HubOptions;

use super::all_transports::now_with;
use super::connection_limit::ask_for;
use crate::harness::{EventStream, Listening, Server, WebSocket};

/// More than what the system and the server keep on the way to one who does not read.
const MESSAGES: usize = 300;

/// So many of the longest messages are ten pages of the past.
const LONG: usize = 60;

#[actix_web::test]
async fn who_reads_hears_all_while_other_connections_of_the_same_user_do_not_read() {
    let server = Server::start().await;
    // Room for one page at a time.
    let options = ServerOptions {
        undelivered_per_caller: 1 << 20,
        write_timeout: Duration::from_millis(200),
        ..ServerOptions::default()
    };
    let server = server.with_options(options).await;
    let ann = server.user("ann").await;
    let group = ann.new_group("Team").await;
    let cursor = now_with(&ann, 2).await;
    let text = "\u{1f980}".repeat(10_000);
    for _ in 0..LONG {
        ann.say(&group, &text).await;
    }
    let listening = Listening::start(&server);
    let mut unread = Vec::new();
    for path in ["stream", "socket"] {
        for _ in 0..5 {
            unread.push(ask_for(&listening, &ann, &format!("/api/events/{path}?cursor={cursor}")).await);
        }
    }
    let (mut socket, _) = WebSocket::open(&listening, &ann, &format!("cursor={cursor}")).await;
    let (mut stream, _) = EventStream::open(&listening, &ann, &format!("cursor={cursor}")).await;
    for seq in 1..=LONG {
        assert_eq!(socket.next().await["data"]["seq"], seq);
        assert_eq!(stream.next().await["data"]["seq"], seq);
    }
    drop(unread);
    listening.stop().await;
}

#[actix_web::test]
async fn who_does_not_keep_up_is_let_go_and_the_others_get_all() {
    let server = Server::with_hub(HubOptions { queue: 64, ..HubOptions::default() }).await;
    // However slow the machine, it is not the time that ends it.
    let write_timeout = Duration::from_secs(60);
    let server = server.with_options(ServerOptions { write_timeout, ..ServerOptions::default() }).await;
    let ann = server.user("ann").await;
    let listening = Listening::start(&server);
    let group = ann.new_group("Team").await;
    let before = now_with(&ann, 2).await;
    let mut slow = WebSocket::narrow(&listening, &ann).await;
    assert_eq!(slow.any().await["type"], "hello");
    let (mut socket, _) = WebSocket::open(&listening, &ann, "").await;
    let (mut stream, _) = EventStream::open(&listening, &ann, "").await;
    let text = "\u{1f980}".repeat(10_000);
    for seq in 1..=MESSAGES {
        ann.say(&group, &text).await;
        assert_eq!(socket.next().await["data"]["seq"], seq);
        assert_eq!(stream.next().await["data"]["seq"], seq);
    }
    let (code, said) = slow.closed().await;
    assert_eq!(code, 4008);
    let got = said.iter().filter(|event| event["type"] == "message.created").count();
    assert!(got < MESSAGES, "{got}");
    // The cursor is good: nothing is lost.
    let cursor = said.iter().rev().find_map(|event| event["cursor"].as_str()).unwrap_or(&before);
    let (mut again, _) = WebSocket::open(&listening, &ann, &format!("cursor={cursor}")).await;
    for seq in got + 1..=MESSAGES {
        assert_eq!(again.next().await["data"]["seq"], seq);
    }
    listening.stop().await;
}

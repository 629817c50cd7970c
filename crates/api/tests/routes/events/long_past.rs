//! One who has much to hear of the past.

use std::sync::Arc;

use futures_util::future::join_all;
use groupchat_infra::HubOptions;
use serde_json::{Value, json};

use super::all_transports::{now_with, types};
use super::deadlines::soon;
use super::scripted::{Scripted, Step};
use crate::harness::{Client, EventStream, Listening, Server, WebSocket};

/// More than two pages of the log.
const MESSAGES: usize = 450;
/// The commands of a connection whose first page is being read: it proves who listens, and reads.
const READS: usize = 2;

/// Ann, and Bob, who has said much in a group of his own.
struct Scene {
    server: Server,
    ann: Client,
    bob: Client,
    group: String,
    /// Before the messages, but after the group.
    cursor: String,
}

impl Scene {
    async fn set(options: HubOptions) -> Self {
        let server = Server::with_hub(options).await;
        let (ann, bob) = (server.user("ann").await, server.user("bob").await);
        let group = bob.new_group("Bob's own").await;
        let cursor = now_with(&ann, 2).await;
        say(&bob, &group, MESSAGES).await;
        now_with(&ann, 2 + MESSAGES).await;
        Self { server, ann, bob, group, cursor }
    }
}

async fn say(client: &Client, group: &str, count: usize) {
    join_all((0..count).map(|_| client.say(group, "x"))).await;
}

/// A socket that still waits for its first page.
async fn reading_socket(
    storage: &Arc<Scripted>,
    listening: &Listening,
    client: &Client,
    cursor: &str,
) -> WebSocket {
    let reads = storage.commands() + READS;
    storage.then([Step::Run, Step::Hold]);
    let (socket, _) = WebSocket::open(listening, client, &format!("cursor={cursor}")).await;
    storage.reached(reads).await;
    socket
}

#[actix_web::test]
async fn a_poll_to_whom_none_of_it_is_told_gets_on_without_waiting_for_its_end() {
    let scene = Scene::set(HubOptions::default()).await;
    let (storage, _, ann) = Scripted::serve(&scene.server, &scene.ann).await;
    let poll = async |cursor: &str| {
        let answer = soon(ann.get(&format!("/api/events?cursor={cursor}"))).await.ok();
        assert_eq!(answer["items"], json!([]));
        answer["cursor"].as_str().expect("a cursor").to_owned()
    };
    storage.then([Step::Run, Step::Run, Step::Hold]);
    let on_the_way = poll(&scene.cursor).await;
    let end = now_with(&ann, 2 + MESSAGES).await;
    assert!(on_the_way != scene.cursor && on_the_way != end, "{on_the_way}");
    soon(async {
        let mut cursor = on_the_way;
        while cursor != end {
            let further = poll(&cursor).await;
            assert_ne!(further, cursor, "each gets on");
            cursor = further;
        }
    })
    .await;
}

#[actix_web::test]
async fn a_server_that_stops_does_not_tell_it_to_the_end() {
    let Scene { server, bob, cursor, .. } = Scene::set(HubOptions::default()).await;
    let (storage, server, bob) = Scripted::serve(&server, &bob).await;
    let listening = Listening::start(&server);
    let mut socket = reading_socket(&storage, &listening, &bob, &cursor).await;
    let reads = storage.commands() + READS;
    storage.then([Step::Run, Step::Hold]);
    let (mut stream, _) = EventStream::open(&listening, &bob, &format!("cursor={cursor}")).await;
    storage.reached(reads).await;
    server.state().live.stop();
    storage.go_on();
    storage.go_on();
    let (code, said) = socket.closed().await;
    assert_eq!((code, types(&said)), (1012, vec!["reconnect"]));
    assert_eq!(stream.any().await.expect("last words")["data"], json!({"reason": "stopping"}));
    assert_eq!(stream.any().await, None);
    listening.stop().await;
}

#[actix_web::test]
async fn who_is_too_slow_meanwhile_hears_all_of_it_first() {
    const BEFORE_ADMISSION: usize = 10;
    let options = HubOptions { unauthorized_queue: BEFORE_ADMISSION, ..HubOptions::default() };
    let Scene { server, bob, group, cursor, .. } = Scene::set(options).await;
    let listening = Listening::start(&server);
    let (mut other, _) = WebSocket::open(&listening, &bob, "").await;
    // Past their past.
    say(&bob, &group, 1).await;
    other.next().await;

    let (storage, server, bob) = Scripted::serve(&server, &bob).await;
    let reading = Listening::start(&server);
    let mut socket = reading_socket(&storage, &reading, &bob, &cursor).await;
    say(&bob, &group, BEFORE_ADMISSION + 1).await;
    for _ in 0..=BEFORE_ADMISSION {
        other.next().await;
    }
    storage.go_on();
    let (code, said) = socket.closed().await;
    assert_eq!(code, 4008);
    let told: Vec<&Value> = said.iter().map(|event| &event["data"]["seq"]).collect();
    let all: Vec<usize> = (1..=MESSAGES + 1 + BEFORE_ADMISSION + 1).collect();
    assert_eq!(json!(told), json!(all));
    reading.stop().await;
    listening.stop().await;
}

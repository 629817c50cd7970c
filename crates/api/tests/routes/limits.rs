//! What one caller may have of the server at a time, and what is left to the others.

use std::time::Duration;

use futures_util::future::join_all;
use groupchat_api::ServerOptions;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpSocket, TcpStream};

use crate::events::deadlines::{soon, until};
use crate::events::scripted::{Scripted, Step};
use crate::harness::{Client, Listening, Server};

/// The longest text, 40,000 bytes.
fn longest() -> String {
    "\u{1f980}".repeat(10_000)
}

/// The most that a page of such texts may have, with all that is around them.
const LARGE: usize = (1 << 20) + (64 << 10);

async fn say_long(client: &Client, group: &str, count: usize) {
    let text = longest();
    for _ in 0..count {
        client.say(group, &text).await;
    }
}

/// Walks a list by pages of 200 and fails if one is too large; what was at the pointer in each item.
async fn walk(client: &Client, path: &str, pointer: &str) -> Vec<Value> {
    let (mut seen, mut place) = (Vec::new(), String::new());
    loop {
        let answer = client.get(&format!("{path}?limit=200{place}")).await;
        assert!(answer.text().len() <= LARGE, "{}", answer.text().len());
        let page = answer.ok();
        let items = page["items"].as_array().expect("items");
        assert!(!items.is_empty());
        seen.extend(items.iter().map(|item| item.pointer(pointer).expect("the field").clone()));
        match page["next"].as_str() {
            Some(next) => place = format!("&cursor={next}"),
            None => return seen,
        }
    }
}

#[actix_web::test]
async fn a_page_has_a_mebibyte_of_text_at_most_and_the_next_one_goes_on() {
    let server = Server::start().await;
    let ann = server.user("ann").await;
    let mut groups = Vec::new();
    for number in 100..135 {
        groups.push(ann.new_group(&format!("Group {number}")).await);
        say_long(&ann, &groups[groups.len() - 1], 1).await;
    }
    say_long(&ann, &groups[0], 59).await;
    let numbers = walk(&ann, &format!("{}/messages", groups[0]), "/seq").await;
    assert_eq!(numbers, (1..=60).rev().map(Value::from).collect::<Vec<_>>());
    // Each with its newest message.
    let ids = walk(&ann, "/api/groups", "/id").await;
    let paths: Vec<_> = ids.iter().map(|id| format!("/api/groups/{id}")).collect();
    assert_eq!(paths, groups);
}

#[actix_web::test]
async fn pages_cut_by_their_bytes_show_each_group_once_while_names_change() {
    let server = Server::start().await;
    let ann = server.user("ann").await;
    let mut groups = Vec::new();
    for number in 100..160 {
        groups.push(ann.new_group(&format!("Group {number}")).await);
        say_long(&ann, &groups[groups.len() - 1], 1).await;
    }
    let rename = async |group: &str, name: &str| {
        ann.patch(group, json!({"name": name})).await.ok();
    };
    let (mut seen, mut place) = (Vec::new(), String::new());
    loop {
        let page = ann.get(&format!("/api/groups?limit=200{place}")).await.ok();
        let ids =
            page["items"].as_array().expect("items").iter().map(|item| format!("/api/groups/{}", item["id"]));
        seen.extend(ids);
        let Some(next) = page["next"].as_str() else { break };
        place = format!("&cursor={next}");
        // From behind the place to before it, the other way, and within what is still to come.
        rename(&groups[59], &format!("A {}", seen.len())).await;
        rename(&groups[2], &format!("Z {}", seen.len())).await;
        rename(&groups[30], &format!("Group 158 {}", seen.len())).await;
        rename(&groups[50], &format!("Group 126 {}", seen.len())).await;
    }
    assert_eq!(seen, groups);
}

#[actix_web::test]
async fn a_caller_has_so_many_requests_in_flight_and_the_others_have_theirs() {
    let server = Server::start().await;
    let (ann, bob) = (server.user("ann").await, server.user("bob").await);
    let (storage, server, ann) = Scripted::serve(&server, &ann).await;
    let options = ServerOptions { requests_per_caller: 2, ..ServerOptions::default() };
    let server = server.with_options(options).await;
    let (ann, bob) = (server.with_key(ann.key().to_owned()), server.with_key(bob.key().to_owned()));
    bob.get("/api/users/me").await.ok();
    let commands = storage.commands();
    storage.then([Step::Hold, Step::Hold]);
    let held = join_all([ann.get("/api/users"), ann.get("/api/groups")]);
    let others = async {
        storage.reached(commands + 2).await;
        let refused = ann.get("/api/users/me").await;
        assert_eq!(refused.header("retry-after"), Some("1"));
        refused.refused(429, "too_many_requests");
        assert_eq!(storage.commands(), commands + 2, "it costs nothing");
        bob.get("/api/users/me").await.ok();
        server.with_key(None).get("/api/version").await.ok();
        // These have limits of their own, and must be answered.
        ann.get("/api/health").await.ok();
        ann.get("/api/events").await.ok();
        storage.go_on();
        storage.go_on();
    };
    let (held, ()) = soon(async { futures_util::join!(held, others) }).await;
    for answer in held {
        answer.ok();
    }
    ann.get("/api/users/me").await.ok();
}

/// Asks for something several times, which is more than the system keeps on the way, and reads no answer.
async fn ask_and_leave(listening: &Listening, client: &Client, path: &str) -> TcpStream {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.set_recv_buffer_size(4_096).expect("a small buffer");
    let mut tcp = socket.connect(listening.address()).await.expect("connects");
    let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\nX-API-Key: {}\r\n\r\n", client.key());
    tcp.write_all(request.repeat(12).as_bytes()).await.expect("the requests are sent");
    tcp
}

#[actix_web::test]
async fn answers_that_are_not_taken_count_as_their_callers_until_they_are() {
    let server = Server::start().await;
    let options = ServerOptions { undelivered_per_caller: 2 << 20, ..ServerOptions::default() };
    let server = server.with_options(options).await;
    let (ann, bob) = (server.user("ann").await, server.user("bob").await);
    let group = ann.new_group("Team").await;
    ann.add(&group, &bob, "member").await;
    // The system keeps some for each connection.
    say_long(&ann, &group, 130).await;
    let listening = Listening::start(&server);
    let page = format!("{group}/messages?limit=200");
    let mut asked = Vec::new();
    until(async || {
        asked.push(ask_and_leave(&listening, &ann, &page).await);
        tokio::time::sleep(Duration::from_millis(20)).await;
        let answer = ann.get(&page).await;
        if answer.status() == 200 {
            return false;
        }
        assert_eq!(answer.header("retry-after"), Some("1"));
        answer.refused(429, "too_many_requests");
        true
    })
    .await;
    // Two of a megabyte are more than she may have, as long as nothing of them is taken; the system takes some.
    assert!((2..=16).contains(&asked.len()), "{}", asked.len());
    ann.get("/api/users/me").await.ok();
    bob.get(&page).await.ok();
    drop(asked);
    until(async || ann.get(&page).await.status() == 200).await;
    listening.stop().await;
}

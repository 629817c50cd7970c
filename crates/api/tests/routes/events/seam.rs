//! Where the past meets what happens: nothing is missed and nothing comes twice, whatever is written meanwhile.

use futures_util::future::join_all;
use futures_util::join;
use serde_json::Value;

use super::all_transports::now_with;
use super::deadlines::{soon, until};
use crate::harness::{Client, EventStream, Listening, Server, WebSocket};

/// Enough that the past takes several pages.
const WRITERS: usize = 4;
const MESSAGES: usize = 120;

#[actix_web::test]
async fn nothing_is_missed_or_repeated_while_others_write() {
    let server = Server::start().await;
    let ann = server.user("ann").await;
    let listening = Listening::start(&server);
    let group = ann.new_group("Team").await;
    let before = now_with(&ann, 2).await;
    let write = join_all((0..WRITERS).map(|_| async {
        for _ in 0..MESSAGES {
            ann.say(&group, "x").await;
        }
    }));
    // They come while more and more has to be read of the past.
    let sockets = join_all((0..4).map(async |turn| {
        wait_for_seq(&ann, &group, turn * 100).await;
        by_socket(&listening, &ann, &before).await
    }));
    let streams = join_all((0..4).map(async |turn| {
        wait_for_seq(&ann, &group, turn * 100).await;
        by_stream(&listening, &ann, &before).await
    }));
    let (polled, mixed) = (by_poll(&ann, &before), mixing(&listening, &ann, &before));
    let all = async { join!(write, sockets, streams, polled, mixed) };
    let (_, sockets, streams, polled, mixed) = soon(all).await;
    let all: Vec<i64> = (1..=last()).collect();
    for seqs in [sockets, streams, vec![polled, mixed]].concat() {
        assert_eq!(seqs, all);
    }
    listening.stop().await;
}

fn last() -> i64 {
    (WRITERS * MESSAGES) as i64
}

fn seq(event: &Value) -> i64 {
    assert_eq!(event["type"], "message.created");
    event["data"]["seq"].as_i64().expect("a message has a number")
}

async fn wait_for_seq(client: &Client, group: &str, seq: i64) {
    until(async || client.get(group).await.ok()["last_seq"].as_i64() >= Some(seq)).await;
}

async fn by_socket(listening: &Listening, client: &Client, cursor: &str) -> Vec<i64> {
    let (mut socket, _) = WebSocket::open(listening, client, &format!("cursor={cursor}")).await;
    let mut seqs = Vec::new();
    while seqs.last() != Some(&last()) {
        seqs.push(seq(&socket.next().await));
    }
    seqs
}

async fn by_stream(listening: &Listening, client: &Client, cursor: &str) -> Vec<i64> {
    let (mut stream, _) = EventStream::open(listening, client, &format!("cursor={cursor}")).await;
    let mut seqs = Vec::new();
    while seqs.last() != Some(&last()) {
        seqs.push(seq(&stream.next().await));
    }
    seqs
}

async fn by_poll(client: &Client, cursor: &str) -> Vec<i64> {
    let (mut seqs, mut cursor) = (Vec::new(), cursor.to_owned());
    while seqs.last() != Some(&last()) {
        let (events, next) = poll(client, &cursor).await;
        seqs.extend(events.iter().map(seq));
        cursor = next;
    }
    seqs
}

async fn poll(client: &Client, cursor: &str) -> (Vec<Value>, String) {
    let answer = client.get(&format!("/api/events?cursor={cursor}&wait=10")).await.ok();
    (answer["items"].as_array().expect("items").clone(), cursor_of(&answer))
}

fn cursor_of(event: &Value) -> String {
    event["cursor"].as_str().expect("a cursor").to_owned()
}

/// Changes the transport all the time.
async fn mixing(listening: &Listening, client: &Client, cursor: &str) -> Vec<i64> {
    let (mut seqs, mut cursor) = (Vec::new(), cursor.to_owned());
    while seqs.last() != Some(&last()) {
        let events = match seqs.len() % 3 {
            0 => vec![WebSocket::open(listening, client, &format!("cursor={cursor}")).await.0.next().await],
            1 => vec![EventStream::open(listening, client, &format!("cursor={cursor}")).await.0.next().await],
            _ => poll(client, &cursor).await.0,
        };
        if let Some(last) = events.last() {
            cursor = cursor_of(last);
        }
        seqs.extend(events.iter().map(seq));
    }
    seqs
}

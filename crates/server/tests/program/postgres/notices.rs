//! Who listens to one of several servers hears of what is done on the others, as soon as on its own.

use std::time::{Duration, Instant};

use reqwest::StatusCode;
use serde_json::json;

use crate::events::Stream;
use crate::harness::{Api, Server, data};

/// What is sent on each server.
const MESSAGES: usize = 100;

/// Sends messages one by one, each once the one before was heard of; how long each took from the request to the
/// event, in order of length.
async fn heard_after(sender: &Api, group: i64, listener: &mut Stream) -> Vec<Duration> {
    let mut times = Vec::with_capacity(MESSAGES);
    for n in 0..MESSAGES {
        let (begun, text) = (Instant::now(), format!("message {n}"));
        let sent = sender.post(&format!("/groups/{group}/messages"), json!({"text": text})).await;
        let sent = sent.expect(StatusCode::CREATED);
        let heard = listener.wait_for("message.created").await;
        times.push(begun.elapsed());
        assert_eq!([&heard["data"]["id"], &heard["data"]["text"]], [&sent["id"], &json!(text)]);
    }
    times.sort();
    times
}

#[tokio::test]
async fn what_is_sent_on_one_server_is_heard_on_another_in_order() {
    let data = data();
    let (one, other) = (Server::start(&data).await, Server::start(&data).await);
    let admin = one.admin().await;
    let elsewhere = other.anonymous().with_key(admin.key());
    let group = admin.create_group("Lobby").await;
    for (sender, server, api) in [(&admin, &other, &elsewhere), (&elsewhere, &one, &admin)] {
        let mut listener = Stream::open(server, api).await;
        listener.wait_for("hello").await;
        let times = heard_after(sender, group, &mut listener).await;
        let (median, slow) = (times[MESSAGES / 2], times[MESSAGES * 99 / 100]);
        println!("from the request to the other server's event: p50 {median:?}, p99 {slow:?}");
    }
    one.stop().await;
    other.stop().await;
}

#[tokio::test]
async fn what_is_sent_on_two_servers_at_once_both_hear_in_one_order() {
    let data = data();
    let (one, other) = (Server::start(&data).await, Server::start(&data).await);
    let admin = one.admin().await;
    let elsewhere = other.anonymous().with_key(admin.key());
    let group = admin.create_group("Lobby").await;
    let mut listeners = [Stream::open(&one, &admin).await, Stream::open(&other, &elsewhere).await];
    for listener in &mut listeners {
        listener.wait_for("hello").await;
    }
    let send_all = async |sender: &Api| {
        for n in 0..MESSAGES {
            let body = json!({"text": format!("message {n}")});
            sender.post(&format!("/groups/{group}/messages"), body).await.expect(StatusCode::CREATED);
        }
    };
    tokio::join!(send_all(&admin), send_all(&elsewhere));
    let mut cursors = vec![];
    for listener in &mut listeners {
        let mut heard = vec![];
        for seq in 1..=2 * MESSAGES {
            let event = listener.wait_for("message.created").await;
            assert_eq!(event["data"]["seq"], json!(seq), "no message is missing, repeated or out of order");
            heard.push(event["cursor"].clone());
        }
        cursors.push(heard);
    }
    assert_eq!(cursors[0], cursors[1], "both hear the same log");
    one.stop().await;
    other.stop().await;
}

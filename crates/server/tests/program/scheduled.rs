//! Scheduled messages: each is sent once, whatever happens to the server around its time.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use reqwest::StatusCode;
use serde_json::json;

use crate::harness::{Api, DEADLINE, Database, Server, data};

/// How many messages are due at about the same time.
pub(crate) const MESSAGES: usize = 60;

const ROUNDS: u32 = 4;

/// So long after now.
fn after(milliseconds: i64) -> Timestamp {
    Timestamp::now() + jiff::SignedDuration::from_millis(milliseconds)
}

/// Schedules messages that are due one after the other, beginning at this time.
pub(crate) async fn schedule(api: &Api, group: i64, name: &str, begin: Timestamp) {
    schedule_some(api, group, name, begin, MESSAGES).await;
}

/// The same for so many.
pub(crate) async fn schedule_some(api: &Api, group: i64, name: &str, begin: Timestamp, count: usize) {
    for number in 0..count {
        let send_at = begin + jiff::SignedDuration::from_millis(i64::try_from(number).unwrap() * 10);
        let draft = json!({"text": format!("{name} {number}"), "send_at": send_at.to_string()});
        let path = format!("/groups/{group}/scheduled-messages");
        api.post(&path, draft).await.expect(StatusCode::CREATED);
    }
}

/// Waits until nothing waits any more.
pub(crate) async fn until_sent(api: &Api, group: i64) {
    let begin = std::time::Instant::now();
    let path = format!("/groups/{group}/scheduled-messages");
    while api.get(&path).await.expect(StatusCode::OK)["items"] != json!([]) {
        assert!(begin.elapsed() < DEADLINE, "waited in vain for what is due");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// How often each text was sent.
pub(crate) async fn sent(api: &Api, group: i64) -> BTreeMap<String, usize> {
    let mut texts = BTreeMap::new();
    for message in api.all_messages(group).await {
        *texts.entry(message["text"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    texts
}

/// Each of these messages, once.
pub(crate) fn once(names: &[String]) -> BTreeMap<String, usize> {
    let texts = names.iter().flat_map(|name| (0..MESSAGES).map(move |number| format!("{name} {number}")));
    texts.map(|text| (text, 1)).collect()
}

#[tokio::test]
async fn each_is_sent_once_although_the_server_is_killed_while_they_are_due() {
    let data = data();
    let mut server = Server::start(&data).await;
    let key = server.admin().await.key().to_owned();
    let group = server.anonymous().with_key(&key).create_group("Lobby").await;
    let mut names = Vec::new();
    for round in 0..ROUNDS {
        let name = format!("round {round}");
        let api = server.anonymous().with_key(&key);
        // So far away that all are scheduled by then.
        let begin = after(4_000);
        schedule(&api, group, &name, begin).await;
        names.push(name);
        // At different moments of the time at which they are due, and once before it.
        let wait = begin + jiff::SignedDuration::from_millis(i64::from(round) * 200 - 100);
        let wait = wait.duration_since(Timestamp::now());
        tokio::time::sleep(Duration::try_from(wait).unwrap_or_default()).await;
        server.kill().await;
        Database::open(&data).check_integrity();
        server = Server::start(&data).await;
        until_sent(&server.anonymous().with_key(&key), group).await;
    }
    let api = server.anonymous().with_key(&key);
    assert_eq!(sent(&api, group).await, once(&names));
    server.stop().await;
}

#[tokio::test]
async fn a_message_is_sent_within_two_seconds_of_its_time_and_not_before() {
    let data = data();
    let server = Server::start(&data).await;
    let api = server.admin().await;
    let group = api.create_group("Lobby").await;
    let path = format!("/groups/{group}/scheduled-messages");
    // The runner sleeps until the first, which is not the next any more.
    for (text, milliseconds) in [("late", 60_000), ("soon", 1_500)] {
        let draft = json!({"text": text, "send_at": after(milliseconds).to_string()});
        api.post(&path, draft).await.expect(StatusCode::CREATED);
    }
    let due = api.get(&path).await.expect(StatusCode::OK)["items"][0]["send_at"].clone();
    let due: Timestamp = due.as_str().unwrap().parse().unwrap();
    let messages = loop {
        let messages = api.all_messages(group).await;
        if !messages.is_empty() {
            break messages;
        }
        assert!(Timestamp::now() < due + jiff::SignedDuration::from_secs(20), "it is never sent");
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    assert_eq!((messages.len(), messages[0]["text"].as_str()), (1, Some("soon")));
    let sent: Timestamp = messages[0]["created_at"].as_str().unwrap().parse().unwrap();
    assert!(due <= sent && sent <= due + jiff::SignedDuration::from_secs(2), "{sent} for {due}");
    server.stop().await;
}

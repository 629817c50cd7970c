//! `kill -9` during concurrent sends: what was acknowledged is there, once, in order.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::harness::{Api, Database, Server, data, until};

const ROUNDS: u64 = 5;
const SENDERS: u64 = 8;

/// How many messages are acknowledged in each round before the server may be killed.
const AT_LEAST: usize = 40;

/// Sends until the server is gone, counting what is acknowledged; returns the client ids, with their numbers.
async fn send_until_gone(api: Api, group: i64, name: String, count: Arc<AtomicUsize>) -> Vec<(String, i64)> {
    let mut acknowledged = Vec::new();
    for n in 0.. {
        let client_id = format!("{name}-{n}");
        let body = json!({"text": format!("message {n}"), "client_id": client_id});
        match api.try_send(Method::POST, &format!("/groups/{group}/messages"), Some(body)).await {
            Ok(answer) => {
                let message = answer.expect(StatusCode::CREATED);
                acknowledged.push((client_id, message["seq"].as_i64().unwrap()));
                count.fetch_add(1, Ordering::SeqCst);
            }
            Err(_) => break,
        }
    }
    acknowledged
}

#[tokio::test]
async fn every_acknowledged_message_survives_kill_9() {
    let seed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().subsec_nanos();
    println!("seed {seed}");
    let data = data();
    let server = Server::start(&data).await;
    let password = server.password.clone().unwrap();
    let body = json!({"username": "admin", "password": password});
    let login = server.anonymous().post("/login", body).await.expect(StatusCode::OK);
    let key = login["api_key"].as_str().unwrap().to_owned();
    let group = server.anonymous().with_key(&key).create_group("Lobby").await;
    server.stop().await;

    let mut acknowledged: HashMap<String, i64> = HashMap::new();
    for round in 0..ROUNDS {
        let server = Server::start(&data).await;
        let api = server.anonymous().with_key(&key);
        let count = Arc::<AtomicUsize>::default();
        let send = |sender| send_until_gone(api.clone(), group, format!("{round}-{sender}"), count.clone());
        let senders: Vec<_> = (0..SENDERS).map(|sender| tokio::spawn(send(sender))).collect();
        until("messages are acknowledged", || count.load(Ordering::SeqCst) >= AT_LEAST).await;
        // At any moment of what the server does.
        tokio::time::sleep(Duration::from_millis((u64::from(seed) >> round) % 100)).await;
        server.kill().await;
        for sender in senders {
            acknowledged.extend(sender.await.unwrap());
        }
        Database::open(&data).check_integrity();
    }

    let server = Server::start(&data).await;
    let messages = server.anonymous().with_key(&key).all_messages(group).await;
    let seqs: Vec<_> = messages.iter().map(|message| message["seq"].as_i64().unwrap()).collect();
    assert_eq!(seqs, (1..=i64::try_from(seqs.len()).unwrap()).collect::<Vec<_>>(), "no gap, nothing twice");
    let mut stored = HashMap::new();
    for message in &messages {
        let client_id = message["client_id"].as_str().unwrap().to_owned();
        assert_eq!(stored.insert(client_id, message["seq"].as_i64().unwrap()), None, "stored twice");
    }
    for (client_id, seq) in &acknowledged {
        assert_eq!(stored.get(client_id), Some(seq), "{client_id} was acknowledged");
    }
    server.stop().await;
    let mut database = Database::open(&data);
    database.check_integrity();
    let (events, last) = (
        database.count("SELECT count(*) AS count FROM events"),
        database.count("SELECT max(position) AS count FROM events"),
    );
    assert_eq!(events, last, "the log has no gap");
    let sent = database.count("SELECT count(*) AS count FROM events WHERE type = 'message.created'");
    assert_eq!(sent, i64::try_from(messages.len()).unwrap(), "one event for each message");
}

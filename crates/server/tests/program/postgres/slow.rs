//! A statement that takes too long.

use std::time::{Duration, Instant};

use reqwest::StatusCode;
use serde_json::json;

use crate::harness::{Database, Server, data, serve};

/// The statement's second, and some for a busy machine; six, if the command were run again as after a conflict.
const AT_MOST: Duration = Duration::from_secs(5);

#[tokio::test]
async fn who_waits_too_long_for_a_lock_is_told_to_come_back() {
    let data = data();
    let mut command = serve(&data);
    command.args(["--storage-statement-timeout", "1"]);
    let server = Server::spawn(command).await;
    let admin = server.admin().await;
    let path = format!("/groups/{}/messages", admin.create_group("Lobby").await);

    let mut other = Database::open(&data);
    other.execute("BEGIN; SELECT id FROM groups FOR UPDATE");
    let begun = Instant::now();
    let problem = admin.post(&path, json!({"text": "hello"})).await.expect(StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(problem["code"], "unavailable", "nothing is stored");
    assert!(begun.elapsed() < AT_MOST, "after {:?}", begun.elapsed());
    // Those who don't need the lock are served meanwhile.
    admin.create_group("Elsewhere").await;
    other.execute("ROLLBACK");
    let sent = admin.post(&path, json!({"text": "hello"})).await.expect(StatusCode::CREATED);
    assert_eq!(sent["seq"], 1);
    server.stop().await;
}

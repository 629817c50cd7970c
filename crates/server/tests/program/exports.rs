//! Exports of a large history: in little memory, at the pace of who reads it, and no longer than the session.

use std::time::Duration;

use reqwest::{Client, Response, StatusCode};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::harness::{Api, DEADLINE, Data, Database, Server, data, serve};

/// The messages of the history, and about how many bytes each of them is in the export.
const MESSAGES: usize = 200_000;
const TEXT: usize = 300;

/// How many of them are stored at a time.
const STEP: usize = 2_000;

/// A server with a history by the admin, and the key and the password of that.
async fn with_history(data: &Data, messages: usize) -> (Server, Api, String) {
    let mut command = serve(data);
    command.args(["--password-cost", "10", "--http-write-timeout", "2", "--rates-export", "off"]);
    let server = Server::spawn(command).await;
    let password = server.password.clone().unwrap();
    let admin = server.admin().await;
    let group = admin.create_group("Lobby").await;
    let mut database = Database::open(data);
    // In steps: triggers update a row for each message, and PostgreSQL keeps all its versions until the transaction ends.
    for first in (1..=messages).step_by(STEP) {
        let last = messages.min(first + STEP - 1);
        database.execute(&format!(
            "INSERT INTO messages (group_id, seq, author_id, client_id, version, created_at, likes, root_seq, attachments, text)
                WITH RECURSIVE numbers (n) AS (SELECT {first} UNION ALL SELECT n + 1 FROM numbers WHERE n < {last})
                SELECT {group}, n, 1, 'old-' || n, 1, 1000000 * CAST(n AS BIGINT), 0, 0, 0, '{}' || n FROM numbers",
            "x".repeat(TEXT)
        ));
    }
    (server, admin, password)
}

async fn begin(server: &Server, key: &str, password: &str) -> Response {
    let request = Client::new().post(format!("{}/users/me/export", server.url)).header("X-API-Key", key);
    request.json(&json!({"password": password})).send().await.unwrap()
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn a_large_history_takes_little_memory() {
    let data = data();
    let (server, admin, password) = with_history(&data, MESSAGES).await;
    // What a small export takes once counts as at rest.
    let at_rest = server.resident_memory();
    let mut response = begin(&server, admin.key(), &password).await;
    assert_eq!(response.status(), StatusCode::OK);
    let (mut length, mut most, mut tail) = (0, 0, Vec::new());
    let mut messages = 0;
    while let Some(piece) = response.chunk().await.unwrap() {
        length += piece.len();
        most = most.max(server.resident_memory());
        // Counted by what ends each of them, wherever the pieces are cut.
        tail.extend_from_slice(&piece);
        messages += tail.windows(9).filter(|window| window == b"\"text\":\"x").count();
        tail = tail.split_off(tail.len().saturating_sub(8));
    }
    assert_eq!(messages, MESSAGES);
    assert!(tail.ends_with(b"}"), "it is whole");
    let grown = most.saturating_sub(at_rest) >> 20;
    println!("{} MiB were exported, and memory grew by {grown} MiB", length >> 20);
    assert!(length > MESSAGES * TEXT, "{length}");
    assert!(grown < 48, "memory grew by {grown} MiB");
    server.stop().await;
}

/// Begins an export and reads a little of it.
async fn begin_slowly(server: &Server, key: &str, password: &str) -> TcpStream {
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    let body = json!({"password": password}).to_string();
    let head = format!(
        "POST /api/users/me/export HTTP/1.1\r\nHost: x\r\nX-API-Key: {key}\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut first = [0; 1000];
    stream.read_exact(&mut first).await.unwrap();
    assert!(first.starts_with(b"HTTP/1.1 200 OK"), "{}", String::from_utf8_lossy(&first));
    stream
}

#[tokio::test(flavor = "multi_thread")]
async fn there_is_one_at_a_time_and_it_ends_when_nobody_reads_it() {
    let data = data();
    // More than the buffers of a connection hold.
    let (server, admin, password) = with_history(&data, 60_000).await;
    let export = "/users/me/export";
    let proof = json!({"password": password});
    let slow = begin_slowly(&server, admin.key(), &password).await;
    let second = admin.post(export, proof.clone()).await.expect(StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(second["code"], "too_many_requests");
    // Whoever reads nothing is given up, and whoever has left, at once.
    free(&admin, "a reader that reads nothing is given up").await;
    drop(slow);
    let gone = begin_slowly(&server, admin.key(), &password).await;
    drop(gone);
    free(&admin, "a reader is gone").await;
    server.stop().await;
}

/// Waits until another export may begin. None begins, because the password is wrong.
async fn free(admin: &Api, why: &str) {
    let deadline = std::time::Instant::now() + DEADLINE;
    loop {
        // Refused before the password is looked at, as long as there is one.
        let answer = admin.post("/users/me/export", json!({"password": "guess"})).await;
        match answer.status {
            StatusCode::TOO_MANY_REQUESTS if answer.body["code"] == "too_many_requests" => {}
            _ => return,
        }
        assert!(std::time::Instant::now() < deadline, "waited in vain until {why}");
        tokio::time::sleep(Duration::from_millis(150)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_ends_with_the_session() {
    let data = data();
    let (server, admin, password) = with_history(&data, 60_000).await;
    let mut slow = begin_slowly(&server, admin.key(), &password).await;
    admin.post_nothing("/logout").await.expect(StatusCode::NO_CONTENT);
    let mut rest = Vec::new();
    let read = tokio::time::timeout(DEADLINE, slow.read_to_end(&mut rest)).await.unwrap();
    // What was on its way comes, and then the connection breaks off without the end of the object.
    assert!(read.is_err() || !rest.ends_with(b"0\r\n\r\n"), "it broke off");
    assert!(rest.len() < 60_000 * TEXT, "{}", rest.len());
    server.stop().await;
}

/// Whether it is JSON with nobody else's text is for the tests of the routes; here it is that of both databases.
#[tokio::test]
async fn an_export_is_json() {
    let data = data();
    let (server, admin, password) = with_history(&data, 1_000).await;
    let all: Value = begin(&server, admin.key(), &password).await.json().await.unwrap();
    assert_eq!(all["messages"].as_array().unwrap().len(), 1_000);
    assert_eq!(all["profile"][0]["username"], "admin");
    let mut seqs: Vec<_> =
        all["messages"].as_array().unwrap().iter().map(|row| row["seq"].as_i64().unwrap()).collect();
    seqs.sort_unstable();
    assert!((1..=1_000).eq(seqs), "each once");
    server.stop().await;
}

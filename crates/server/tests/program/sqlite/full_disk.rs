//! Health when the disk runs full.

use std::time::{Duration, Instant};

use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::harness::{DEADLINE, Data, Server, data, serve};

/// The most that a file may grow to, in the units of `ulimit`.
const LIMIT: &str = "1536";

/// Between two writes, so that health looks again after each: it keeps an answer for a second.
const PACE: Duration = Duration::from_millis(1_100);

/// A server whose files may not grow further than so.
async fn start(data: &Data) -> Server {
    // A limit on the size of files stands for the end of the disk; the signal that tells of it is ignored.
    let script = format!("trap '' XFSZ; ulimit -f {LIMIT}; exec \"$0\" \"$@\"");
    let plain = serve(data);
    let mut command = tokio::process::Command::new("sh");
    command.args(["-c", &script]).arg(plain.as_std().get_program()).args(plain.as_std().get_args());
    command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::null()).kill_on_drop(true);
    Server::spawn(command).await
}

#[tokio::test]
async fn health_fails_before_writes_do() {
    let data = data();
    let server = start(&data).await;
    let admin = server.admin().await;
    let path = format!("/groups/{}/messages", admin.create_group("Lobby").await);
    let send = || admin.post(&path, json!({"text": "x".repeat(10_000)}));
    let begun = Instant::now();
    while server.anonymous().get("/health").await.status == StatusCode::OK {
        send().await.expect(StatusCode::CREATED);
        tokio::time::sleep(PACE).await;
        assert!(begun.elapsed() < DEADLINE, "the disk is never full");
    }
    send().await.expect(StatusCode::CREATED);
    server.kill().await;
}

#[tokio::test]
async fn a_server_whose_disk_is_full_is_unwell() {
    let data = data();
    let server = start(&data).await;
    let admin = server.admin().await;
    let path = format!("/groups/{}/messages", admin.create_group("Lobby").await);
    let anyone = server.anonymous();
    let health = || anyone.try_send(Method::GET, "/health", None);
    health().await.unwrap().expect(StatusCode::OK);

    let begun = Instant::now();
    let unwell = loop {
        let body = json!({"text": "x".repeat(10_000)});
        admin.try_send(Method::POST, &path, Some(body)).await.unwrap();
        let answer = health().await.unwrap();
        if answer.status != StatusCode::OK {
            break answer;
        }
        assert!(begun.elapsed() < DEADLINE, "the disk is never full");
    };
    // To SQLite the limit is an I/O error, after which nobody knows what became of a COMMIT.
    let unwell = unwell.expect(StatusCode::SERVICE_UNAVAILABLE);
    assert!(["unavailable", "outcome_unknown"].map(Into::into).contains(&unwell["code"]), "{unwell}");
    server.kill().await;
}

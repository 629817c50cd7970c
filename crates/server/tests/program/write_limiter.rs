//! The pace of each user's writes, on all transports together.

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::events::{ask, open_socket};
use crate::harness::{Api, Data, Server, data, serve};

/// Sixty-four small writes at once, and then one a second.
async fn slow_server() -> (Data, Server) {
    let data = data();
    let mut command = serve(&data);
    command.args(["--writes-rate", "1", "--writes-burst", "64"]);
    let server = Server::spawn(command).await;
    (data, server)
}

/// Sends until that is rejected; how many were sent, and the rejection.
async fn send_all(api: &Api, group: i64) -> (usize, Value) {
    let path = format!("/groups/{group}/messages");
    for sent in 0..200 {
        let answer = api.post(&path, json!({"text": "hi"})).await;
        if answer.status != StatusCode::CREATED {
            return (sent, answer.expect(StatusCode::TOO_MANY_REQUESTS));
        }
    }
    panic!("nothing paces writes");
}

#[tokio::test]
async fn what_a_user_writes_too_fast_is_refused_on_every_transport() {
    let (_data, server) = slow_server().await;
    let admin = server.admin().await;
    let (ann, bob) = (admin.create_user("ann").await, admin.create_user("bob").await);
    let group = ann.create_group("Lobby").await;
    let mut socket = open_socket(&server, &ann).await;
    let (sent, refusal) = send_all(&ann, group).await;
    // One was the group.
    assert!((60..80).contains(&sent), "{sent} were sent");
    assert_eq!(refusal["code"], "too_many_requests");
    // The socket draws on the same allowance, of which a little may have come back.
    let mut refused = Value::Null;
    for _ in 0..5 {
        let request = json!({"type": "send", "group_id": group, "text": "hi"});
        let answer = ask(&mut socket, request).await;
        refused = answer["error"]["code"].clone();
        if refused == "too_many_requests" {
            break;
        }
    }
    assert_eq!(refused, "too_many_requests");
    // Reading goes on, and so does what others write.
    ann.get(&format!("/groups/{group}")).await.expect(StatusCode::OK);
    bob.post_nothing(&format!("/groups/{group}/join")).await.expect(StatusCode::CREATED);
    // Nobody can be kept from ending their sessions.
    ann.delete("/sessions").await.expect(StatusCode::NO_CONTENT);
    ann.post_nothing("/logout").await.expect(StatusCode::NO_CONTENT);
    server.stop().await;
}

#[tokio::test]
async fn a_refused_write_says_when_to_come_back() {
    let (_data, server) = slow_server().await;
    let admin = server.admin().await;
    let ann = admin.create_user("ann").await;
    let group = ann.create_group("Lobby").await;
    // One that is as long as may be waits for as many seconds as it has KiB.
    let url = format!("{}/groups/{group}/messages", server.url);
    let long = json!({"text": "\u{1f642}".repeat(10_000)});
    let send = || reqwest::Client::new().post(&url).header("X-API-Key", ann.key()).json(&long).send();
    assert_eq!(send().await.unwrap().status(), StatusCode::CREATED);
    let refused = send().await.unwrap();
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    let wait: u64 = refused.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((5..=20).contains(&wait), "{wait} seconds");
    server.stop().await;
}

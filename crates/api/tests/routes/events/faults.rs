//! A database that fails while somebody listens: one moment is waited for, and after that they are asked to come back.

use std::sync::Arc;
use std::time::Duration;

use groupchat_domain::storage::StorageFault;
use serde_json::json;

use super::all_transports::{ask_all, now_with};
use super::deadlines::soon;
use super::scripted::{Scripted, Step};
use crate::harness::{Client, EventStream, Listening, Server, WebSocket, id_in};

struct Scene {
    storage: Arc<Scripted>,
    listening: Listening,
    ann: Client,
    group: String,
    /// Before the only message.
    cursor: String,
}

async fn scene() -> Scene {
    let server = Server::start().await;
    let ann = server.user("ann").await;
    let group = ann.new_group("Team").await;
    let cursor = now_with(&ann, 2).await;
    ann.say(&group, "hi").await;
    now_with(&ann, 3).await;
    let (storage, server, ann) = Scripted::serve(&server, &ann).await;
    Scene { storage, listening: Listening::start(&server), ann, group, cursor }
}

fn overloaded() -> Step {
    Step::Fail(StorageFault::Overloaded { retry_after: Duration::from_millis(50) })
}

fn broken() -> Step {
    Step::Fail(StorageFault::Unavailable { reason: "in a test".to_owned() })
}

#[actix_web::test]
async fn one_full_queue_is_waited_for() {
    let Scene { storage, listening, ann, cursor, .. } = scene().await;
    let query = format!("cursor={cursor}");
    storage.then([Step::Run, overloaded()]);
    let (mut socket, _) = WebSocket::open(&listening, &ann, &query).await;
    assert_eq!(socket.next().await["data"]["text"], "hi");
    storage.then([Step::Run, overloaded()]);
    let (mut stream, _) = EventStream::open(&listening, &ann, &query).await;
    assert_eq!(stream.next().await["data"]["text"], "hi");
    storage.then([Step::Run, overloaded()]);
    let answer = ann.get(&format!("/api/events?{query}")).await.ok();
    assert_eq!(answer["items"][0]["data"]["text"], "hi");
    listening.stop().await;
}

#[actix_web::test]
async fn whoever_cannot_be_told_is_asked_to_come_back() {
    let Scene { storage, listening, ann, cursor, .. } = scene().await;
    let query = format!("cursor={cursor}");
    for script in [vec![Step::Run, broken()], vec![Step::Run, overloaded(), overloaded()]] {
        storage.then(script.clone());
        let (mut socket, hello) = WebSocket::open(&listening, &ann, &query).await;
        assert_eq!(hello["cursor"], cursor.as_str());
        let (code, said) = socket.closed().await;
        let last = said.last().expect("something was said");
        assert_eq!((code, &last["type"]), (1013, &json!("reconnect")));
        assert!((500..5_000).contains(&last["data"]["after_ms"].as_u64().unwrap()), "{last}");

        storage.then(script.clone());
        let (mut stream, _) = EventStream::open(&listening, &ann, &query).await;
        assert_eq!(stream.any().await.unwrap()["data"], json!({"reason": "unavailable"}));
        assert_eq!(stream.any().await, None);

        storage.then(script.clone());
        let answer = ann.get(&format!("/api/events?{query}")).await;
        assert!(answer.header("retry-after").is_some());
        answer.refused(503, "unavailable");
    }
    listening.stop().await;
}

#[actix_web::test]
async fn nobody_listens_while_the_live_events_are_of_another_log_than_the_database() {
    let (before, after) = (Server::start().await, Server::start().await);
    let ann = after.user("ann").await;
    for answer in ask_all(&ann).await {
        assert!(answer.status() < 400, "{answer}");
    }
    let server = before.with_storage(after.state().storage.clone()).await;
    let ann = server.with_key(ann.key().to_owned());
    for answer in ask_all(&ann).await {
        answer.refused(503, "unavailable");
    }
    assert_eq!(ann.get("/api/users/me").await.status(), 200);
}

#[actix_web::test]
async fn a_request_that_breaks_the_server_tells_an_id_to_ask_about() {
    let Scene { storage, listening, ann, group, .. } = scene().await;
    let (mut socket, _) = WebSocket::open(&listening, &ann, "").await;
    ann.say(&group, "past the past").await;
    socket.wait_for("message.created").await;
    storage.then([Step::Fail(StorageFault::Internal { reason: "in a test".to_owned() })]);
    let refused = socket.ask(json!({"type": "send", "group_id": id_in(&group), "text": "hi"})).await;
    let error = &refused["error"];
    assert_eq!((&error["code"], &error["status"]), (&json!("internal"), &json!(500)));
    let id = error["request_id"].as_str().expect("an id");
    assert!(id.len() == 16 && id.bytes().all(|byte| byte.is_ascii_hexdigit()), "{id}");
    assert!(!refused.to_string().contains("in a test"));
    listening.stop().await;
}

#[actix_web::test]
async fn the_past_is_read_once_however_much_a_client_talks_meanwhile() {
    let Scene { storage, listening, ann, cursor, .. } = scene().await;
    storage.then([Step::Run, Step::Hold]);
    let (mut socket, _) = WebSocket::open(&listening, &ann, &format!("cursor={cursor}")).await;
    let reading = storage.commands();
    for _ in 0..10 {
        assert_eq!(socket.ask(json!({"type": "ping"})).await["type"], "reply");
    }
    storage.go_on();
    assert_eq!(socket.next().await["data"]["text"], "hi");
    assert!(storage.commands() <= reading + 1);
    listening.stop().await;
}

#[actix_web::test]
async fn what_is_said_of_a_presence_while_the_past_is_told_holds_afterwards() {
    let Scene { storage, listening, ann, cursor, .. } = scene().await;
    storage.then([Step::Run, Step::Hold]);
    let (mut socket, _) = WebSocket::open(&listening, &ann, &format!("cursor={cursor}")).await;
    let away = json!({"type": "presence", "state": "away"});
    assert_eq!(socket.ask(away).await["type"], "reply");
    storage.go_on();
    let is_away = async { while socket.wait_for("presence").await["data"]["presence"] != "away" {} };
    soon(is_away).await;
    listening.stop().await;
}

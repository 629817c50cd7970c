//! Somebody who listens on every transport at a time.

use std::collections::VecDeque;

use actix_web::test::TestRequest;
use serde_json::Value;

use super::deadlines::soon;
use crate::harness::{Answer, Client, EventStream, Listening, WebSocket, id_in};

/// One listener on each transport.
pub(crate) struct AllTransports {
    pub socket: WebSocket,
    pub stream: EventStream,
    client: Client,
    polled: VecDeque<Value>,
    poll_cursor: String,
}

impl AllTransports {
    /// Begins to listen after this cursor; from now on, without one.
    pub(crate) async fn open(listening: &Listening, client: &Client, cursor: Option<&str>) -> Self {
        let query = cursor.map(|cursor| format!("cursor={cursor}")).unwrap_or_default();
        let (socket, _) = WebSocket::open(listening, client, &query).await;
        let (stream, _) = EventStream::open(listening, client, &query).await;
        let poll_cursor = match cursor {
            Some(cursor) => cursor.to_owned(),
            None => now(client).await,
        };
        Self { socket, stream, client: client.clone(), polled: VecDeque::new(), poll_cursor }
    }

    /// The next event, which every transport tells alike.
    pub(super) async fn next(&mut self) -> Value {
        let [event, streamed, polled] = self.next_of_each().await;
        assert_eq!(streamed, event);
        assert_eq!(polled, event);
        assert_eq!(self.stream.last_id.as_deref(), event["cursor"].as_str());
        event
    }

    /// The next event of the log, which every transport delivers alike. Skips what else comes meanwhile.
    pub(crate) async fn next_logged(&mut self) -> Value {
        let event = soon(async {
            loop {
                let frame = self.socket.any().await;
                if is_logged(&frame) {
                    return frame;
                }
            }
        })
        .await;
        let streamed = soon(async {
            loop {
                let frame = self.stream.any().await.expect("the stream goes on");
                if is_logged(&frame) {
                    return frame;
                }
            }
        })
        .await;
        assert_eq!(streamed, event);
        assert_eq!(self.poll().await, event);
        assert_eq!(self.stream.last_id.as_deref(), event["cursor"].as_str());
        event
    }

    /// The next event of each transport: the same one, with what it is about as it was when it was read.
    pub(crate) async fn next_of_each(&mut self) -> [Value; 3] {
        let told = [self.socket.next().await, self.stream.next().await, self.poll().await];
        for field in ["cursor", "type", "at"] {
            assert!(told.iter().all(|event| event[field] == told[0][field]), "{told:?}");
        }
        told
    }

    /// The next event that a poll returns, as what it is about is then.
    pub(crate) async fn poll(&mut self) -> Value {
        soon(async {
            loop {
                if let Some(event) = self.polled.pop_front() {
                    return event;
                }
                self.poll_on().await;
            }
        })
        .await
    }

    async fn poll_on(&mut self) {
        let path = format!("/api/events?cursor={}&wait=10", self.poll_cursor);
        let answer = self.client.get(&path).await.ok();
        self.polled = answer["items"].as_array().expect("items").iter().cloned().collect();
        self.poll_cursor = answer["cursor"].as_str().expect("a cursor").to_owned();
    }
}

/// Whether a frame is an event of the log: only these have a time.
pub(super) fn is_logged(frame: &Value) -> bool {
    frame["at"].is_string()
}

/// Asks for events on each transport, without listening.
pub(super) async fn ask_all(client: &Client) -> [Answer; 3] {
    let upgrade = [
        ("Connection", "upgrade"),
        ("Upgrade", "websocket"),
        ("Sec-WebSocket-Version", "13"),
        ("Sec-WebSocket-Key", "x3JJHMbDL1EzLkh9GBhXDw=="),
    ];
    let socket = TestRequest::get().uri("/api/events/socket");
    let socket = upgrade.into_iter().fold(socket, TestRequest::insert_header);
    let stream = TestRequest::get().uri("/api/events/stream");
    [client.send(socket).await, client.send(stream).await, client.get("/api/events").await]
}

/// The cursor of now.
pub(crate) async fn now(client: &Client) -> String {
    let answer = client.get("/api/events").await.ok();
    assert_eq!(answer["items"], serde_json::json!([]));
    answer["cursor"].as_str().expect("a cursor").to_owned()
}

/// The cursor after a message was sent, once the log has it: on PostgreSQL, that is some time after the commit.
pub(crate) async fn now_with_message(client: &Client, message: &str) -> String {
    let now = now(client).await;
    let (epoch, _) = now.split_once('-').expect("an epoch and a position");
    let log = format!("/api/events?cursor={epoch}-0");
    soon(async {
        loop {
            let events = client.get(&log).await.ok()["items"].as_array().cloned().unwrap_or_default();
            let is_its =
                |event: &&Value| event["type"] == "message.created" && event["data"]["id"] == id_in(message);
            if let Some(found) = events.iter().find(is_its) {
                return found["cursor"].as_str().expect("a cursor").to_owned();
            }
        }
    })
    .await
}

/// The cursor of now, once the log has so many events: on PostgreSQL they get there some time after the commit.
pub(super) async fn now_with(client: &Client, events: usize) -> String {
    soon(async {
        loop {
            let cursor = now(client).await;
            if cursor.ends_with(&format!("-{events}")) {
                return cursor;
            }
        }
    })
    .await
}

/// What a client is told after a cursor, once it is so many events.
pub(crate) async fn told_since(client: &Client, cursor: &str, events: usize) -> Vec<Value> {
    soon(async {
        loop {
            let told = client.get(&format!("/api/events?wait=0&cursor={cursor}")).await.ok();
            let told = told["items"].as_array().expect("events").clone();
            if told.len() >= events {
                return told;
            }
        }
    })
    .await
}

/// The cursor of now, once the client was told of an event of this type.
pub(crate) async fn now_after(client: &Client, event_type: &str) -> String {
    let cursor = now(client).await;
    let (epoch, _) = cursor.split_once('-').expect("an epoch and a position");
    let all = format!("{epoch}-0");
    soon(async { while !types(&told_since(client, &all, 0).await).contains(&event_type) {} }).await;
    now(client).await
}

/// The types of events.
pub(super) fn types(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["type"].as_str().expect("an event has a type")).collect()
}

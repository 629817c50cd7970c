//! A client that listens to server-sent events.

use std::time::Duration;

use reqwest::{RequestBuilder, Response};
use serde_json::Value;
use tokio::time::timeout;

use super::{Client, Listening, Transport, assert_told};

/// How long a test waits for something, whatever comes before it.
const DEADLINE: Duration = Duration::from_secs(60);

/// An open stream of events.
pub(crate) struct EventStream {
    response: Response,
    buffer: Vec<u8>,
    /// The id of the last event, as a browser keeps it.
    pub last_id: Option<String>,
}

impl EventStream {
    /// Opens one with the client's key, and takes the `hello`.
    pub(crate) async fn open(listening: &Listening, client: &Client, query: &str) -> (Self, Value) {
        let request = Self::request(listening, query).header("X-API-Key", client.key());
        let mut stream = Self::send(request).await;
        let hello = stream.any().await.expect("a stream begins with an event");
        assert_eq!(hello["type"], "hello", "{hello}");
        (stream, hello)
    }

    /// A request for one.
    pub(crate) fn request(listening: &Listening, query: &str) -> RequestBuilder {
        reqwest::Client::new().get(format!("http://{}/api/events/stream?{query}", listening.address()))
    }

    /// Sends the request, which is granted.
    pub(crate) async fn send(request: RequestBuilder) -> Self {
        let response = request.send().await.expect("the server answers");
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream; charset=utf-8");
        Self { response, buffer: Vec::new(), last_id: None }
    }

    /// The next event, but for heartbeats and who is there.
    pub(crate) async fn next(&mut self) -> Value {
        in_time(async {
            loop {
                let event = self.take().await.expect("the stream goes on");
                if event["type"] != "heartbeat" && event["type"] != "presence" {
                    return event;
                }
            }
        })
        .await
    }

    /// The next event; `None` once the stream has ended.
    pub(crate) async fn any(&mut self) -> Option<Value> {
        in_time(self.take()).await
    }

    /// The last event of a stream that ends.
    pub(crate) async fn last(&mut self) -> Value {
        in_time(async {
            let mut last = Value::Null;
            while let Some(event) = self.take().await {
                last = event;
            }
            last
        })
        .await
    }

    async fn take(&mut self) -> Option<Value> {
        loop {
            if let Some(end) = self.buffer.windows(2).position(|two| two == b"\n\n") {
                let block = self.buffer.drain(..end + 2).collect();
                return Some(self.read(&String::from_utf8(block).expect("UTF-8")));
            }
            let chunk = self.response.chunk().await.expect("the connection holds");
            self.buffer.extend_from_slice(&chunk?);
        }
    }

    fn read(&mut self, block: &str) -> Value {
        let mut data = None;
        for line in block.lines().filter(|line| !line.is_empty()) {
            match line.split_once(": ") {
                Some(("data", text)) => data = Some(serde_json::from_str(text).expect("JSON on one line")),
                Some(("id", id)) => self.last_id = Some(id.to_owned()),
                Some(("retry", wait)) => assert!(wait.parse::<u64>().is_ok(), "{wait}"),
                _ => panic!("an unknown line: {line}"),
            }
        }
        let event = data.unwrap_or_else(|| panic!("an event without data: {block}"));
        assert_told(Transport::Stream, &event);
        event
    }
}

async fn in_time<T>(what: impl Future<Output = T>) -> T {
    timeout(DEADLINE, what).await.expect("it comes in time")
}

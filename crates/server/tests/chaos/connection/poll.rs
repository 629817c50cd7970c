//! Long polls, one after the other.

use std::collections::VecDeque;

use reqwest::Client;
use serde_json::{Value, json};

use super::{Arrival, Door, check};

/// The longest that the server is to wait, in seconds.
const WAIT: u64 = 1;

/// A client that polls.
pub(crate) struct Poll {
    client: Client,
    url: String,
    key: String,
    cursor: Option<String>,
    arrived: VecDeque<Arrival>,
    /// Bytes until the line breaks.
    left: usize,
}

impl Poll {
    /// A client that has not asked yet.
    pub(crate) fn new(door: Door<'_>) -> Self {
        let (url, key) = (format!("{}/events?wait={WAIT}", door.url), door.key.to_owned());
        let cursor = door.cursor.map(str::to_owned);
        Self { client: Client::new(), url, key, cursor, arrived: VecDeque::new(), left: door.bytes }
    }

    /// What comes next, for which the server is asked where nothing is left; `None` if it doesn't answer.
    pub(crate) async fn next(&mut self) -> Option<Arrival> {
        if self.arrived.is_empty() {
            self.ask().await?;
        }
        self.arrived.pop_front()
    }

    async fn ask(&mut self) -> Option<()> {
        let cursor = self.cursor.iter().map(|cursor| format!("&cursor={cursor}"));
        let url = cursor.fold(self.url.clone(), |url, cursor| url + &cursor);
        let response = self.client.get(url).header("X-API-Key", &self.key).send().await.ok()?;
        check(response.status().as_u16())?;
        let body = response.bytes().await.ok()?;
        // Of an answer that is not whole nothing can be read.
        self.left = self.left.checked_sub(body.len())?;
        self.take(&serde_json::from_slice(&body).unwrap());
        Some(())
    }

    fn take(&mut self, answer: &Value) {
        let last = answer["cursor"].as_str().unwrap().to_owned();
        let events = answer["items"].as_array().unwrap().iter().map(|event| {
            let cursor = event["cursor"].as_str().map(str::to_owned);
            Arrival { event: event.clone(), cursor }
        });
        self.arrived.extend(events);
        // What a heartbeat is on the other transports: nothing more up to here.
        let end = Arrival { event: json!({"type": "heartbeat"}), cursor: Some(last.clone()) };
        self.arrived.push_back(end);
        self.cursor = Some(last);
    }
}

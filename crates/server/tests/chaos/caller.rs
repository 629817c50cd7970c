//! Calls servers that may be gone at any moment, until one answers.

use std::time::Duration;

use groupchat_testing::Dice;
use reqwest::{Method, StatusCode};
use serde_json::Value;
use tokio::time::sleep;

use crate::harness::Api;

/// What a caller is told whose group was deleted, who was removed from it, or whose message is gone.
const REFUSALS: [StatusCode; 3] = [StatusCode::FORBIDDEN, StatusCode::NOT_FOUND, StatusCode::CONFLICT];

/// The longest rest before the next try, in milliseconds.
const REST: usize = 50;

/// A caller who does not give up. What it calls for must bear to be done twice: an answer may get lost.
pub(crate) struct RetryingClient {
    servers: Vec<Api>,
    dice: Dice,
}

impl RetryingClient {
    /// A caller with this key, who takes any of the servers.
    pub(crate) fn new(urls: &[String], key: &str, dice: Dice) -> Self {
        let servers = urls.iter().map(|url| Api::of(url).with_key(key)).collect();
        Self { servers, dice }
    }

    /// Calls until there is an answer: the body of a success, or nothing where the call was rejected.
    ///
    /// # Panics
    /// An answer that neither a living nor a dying server may give.
    pub(crate) async fn insist(&mut self, method: Method, path: &str, body: Option<Value>) -> Option<Value> {
        let (status, answer) = self.answer(method.clone(), path, body).await;
        if status.is_success() {
            return Some(answer);
        }
        assert!(REFUSALS.contains(&status), "{method} {path}: {status} {answer}");
        None
    }

    /// Ends the session of the key.
    pub(crate) async fn sign_out(mut self) {
        let (status, answer) = self.answer(Method::POST, "/logout", None).await;
        // The latter, if an earlier answer got lost.
        let has_ended = [StatusCode::NO_CONTENT, StatusCode::UNAUTHORIZED].contains(&status);
        assert!(has_ended, "{status} {answer}");
    }

    /// Calls until there is an answer.
    async fn answer(&mut self, method: Method, path: &str, body: Option<Value>) -> (StatusCode, Value) {
        loop {
            let server = &self.servers[self.dice.below(self.servers.len())];
            if let Ok(answer) = server.try_send(method.clone(), path, body.clone()).await
                && answer.status != StatusCode::SERVICE_UNAVAILABLE
            {
                return (answer.status, answer.body);
            }
            self.rest(REST).await;
        }
    }

    /// Rests for up to so many milliseconds.
    pub(crate) async fn rest(&mut self, most: usize) {
        let millis = u64::try_from(self.dice.below(most)).unwrap();
        sleep(Duration::from_millis(millis)).await;
    }
}

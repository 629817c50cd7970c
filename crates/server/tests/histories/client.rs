//! Makes requests and records them.

use std::sync::Arc;
use std::time::Duration;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::harness::{Answer, Api};
use crate::history::{Call, Message, Operation, Outcome};
use crate::socket;
use crate::world::{Person, World};

/// How long a client waits for a response.
const PATIENCE: Duration = Duration::from_secs(2);

/// A client of all servers.
pub(crate) struct Client {
    number: usize,
    /// Where it reaches the servers.
    urls: Vec<String>,
    servers: Vec<Api>,
    world: Arc<World>,
}

impl Client {
    pub(crate) fn new(world: &Arc<World>, person: &Person) -> Self {
        let urls = if person.is_behind_proxies { &world.proxies } else { &world.urls };
        let servers = urls.iter().map(|url| Api::of(url).with_key(&person.key)).collect();
        Self { number: person.client, urls: urls.clone(), servers, world: Arc::clone(world) }
    }

    /// How many servers there are.
    pub(crate) fn servers(&self) -> usize {
        self.servers.len()
    }

    /// Makes a request in a group to a server, once.
    pub(crate) async fn call(&self, server: usize, group: i64, call: Call) -> Outcome {
        let (method, path, body) = request(group, &call);
        let request = self.servers[server].try_send(method, &path, body);
        let exchange = async {
            match request.await {
                // Nothing was sent.
                Err(error) if error.is_connect() => failed(0, "not_connected"),
                Err(error) => Outcome::Unknown(format!("{error:?}")),
                Ok(answer) => outcome(&call, &answer),
            }
        };
        self.record(server, call.clone(), false, exchange).await
    }

    /// Sends a message on a socket of its own.
    pub(crate) async fn send_on_socket(&self, server: usize, call: Call) -> Outcome {
        let (url, key) = (&self.urls[server], self.servers[server].key());
        let exchange = async {
            match socket::send(url, key, &call).await {
                Ok(answer) => outcome(&call, &answer),
                Err(outcome) => outcome,
            }
        };
        self.record(server, call.clone(), true, exchange).await
    }

    /// Waits for the outcome of a request as long as the client's patience lasts, and records it.
    async fn record(
        &self,
        server: usize,
        call: Call,
        on_socket: bool,
        exchange: impl Future<Output = Outcome>,
    ) -> Outcome {
        let recorder = &self.world.recorder;
        let invoked = recorder.now();
        let result = timeout(PATIENCE, exchange).await;
        let completed = recorder.now();
        let outcome = result.unwrap_or_else(|_| Outcome::Unknown("timeout".to_owned()));
        let (client, copy) = (self.number, outcome.clone());
        recorder.operation(Operation { client, server, on_socket, invoked, completed, call, outcome });
        copy
    }
}

/// The method, the path and the body.
fn request(group: i64, call: &Call) -> (Method, String, Option<Value>) {
    let messages = format!("/groups/{group}/messages");
    match call {
        Call::Send { client_id, text, .. } => {
            (Method::POST, messages, Some(json!({"client_id": client_id, "text": text})))
        }
        Call::Edit { message, text } => {
            (Method::PATCH, format!("{messages}/{message}"), Some(json!({"text": text})))
        }
        Call::Delete { message } => (Method::DELETE, format!("{messages}/{message}"), None),
        Call::Like { message } => (Method::PUT, format!("{messages}/{message}/like"), None),
        Call::Unlike { message } => (Method::DELETE, format!("{messages}/{message}/like"), None),
        Call::Page { limit, .. } => (Method::GET, format!("{messages}?limit={limit}"), None),
    }
}

fn outcome(call: &Call, answer: &Answer) -> Outcome {
    let body = &answer.body;
    if answer.status.is_success() {
        return Outcome::Ok(match call {
            Call::Send { .. } | Call::Edit { .. } => vec![Message::of(body)],
            Call::Page { .. } => body["items"].as_array().unwrap().iter().map(Message::of).collect(),
            Call::Delete { .. } | Call::Like { .. } | Call::Unlike { .. } => vec![],
        });
    }
    match body["code"].as_str() {
        Some("outcome_unknown") => Outcome::Unknown("outcome_unknown".to_owned()),
        // The documentation doesn't say what became of the request; the checker reports it.
        code => failed(answer.status.as_u16(), code.unwrap_or_default()),
    }
}

/// One that was not done.
pub(crate) fn failed(status: u16, code: &str) -> Outcome {
    Outcome::Failed { status, code: code.to_owned() }
}

impl Outcome {
    /// Whether another attempt may be answered otherwise.
    pub(crate) fn asks_for_retry(&self) -> bool {
        match self {
            Self::Ok(_) => false,
            Self::Failed { status, .. } => [0, StatusCode::SERVICE_UNAVAILABLE.as_u16()].contains(status),
            Self::Unknown(_) => true,
        }
    }
}

impl Message {
    /// Reads one from a response or an event.
    pub(crate) fn of(message: &Value) -> Self {
        let number = |field: &str| message[field].as_i64().unwrap();
        Self {
            id: number("id"),
            group: number("group_id"),
            seq: number("seq"),
            client_id: message["client_id"].as_str().unwrap_or_default().to_owned(),
            version: number("version"),
            text: message["text"].as_str().map(str::to_owned),
            likes: number("likes"),
        }
    }
}

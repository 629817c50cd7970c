//! Somebody who talks to the server.

use std::net::SocketAddr;

use actix_web::http::Method;
use actix_web::test::TestRequest;
use serde_json::{Value, json};

use super::answer::Answer;
use super::server::Server;

/// A user with a key, or somebody without either.
#[derive(Clone)]
pub(crate) struct Client {
    server: Server,
    id: i64,
    key: Option<String>,
    address: Option<SocketAddr>,
}

impl Client {
    /// A client of this server.
    pub(crate) fn new(server: Server, id: i64, key: Option<String>) -> Self {
        Self { server, id, key, address: None }
    }

    /// The same client in a network of its own, one for each number: callers of one network take turns, and only so
    /// many may wait to have a password checked.
    pub(crate) fn in_network(&self, number: usize) -> Self {
        let [.., high, low] = number.to_be_bytes();
        let address = SocketAddr::from(([10, high, low, 1], 80));
        Self { server: self.server.clone(), key: self.key.clone(), address: Some(address), ..*self }
    }

    /// The user's id.
    pub(crate) fn id(&self) -> i64 {
        self.id
    }

    /// The key that the client shows.
    pub(crate) fn key(&self) -> &str {
        self.key.as_deref().expect("the client has a key")
    }

    /// Sends any request with the client's key.
    pub(crate) async fn send(&self, mut request: TestRequest) -> Answer {
        if let Some(key) = &self.key {
            request = request.insert_header(("X-API-Key", key.as_str()));
        }
        if let Some(address) = self.address {
            request = request.peer_addr(address);
        }
        self.server.send(request).await
    }

    /// Sends a request, with a JSON body or without one.
    pub(crate) async fn call(&self, method: Method, path: &str, body: Option<&Value>) -> Answer {
        let request = TestRequest::default().method(method).uri(path);
        self.send(match body {
            Some(body) => request.set_json(body),
            None => request,
        })
        .await
    }

    /// Reads a resource.
    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.call(Method::GET, path, None).await
    }

    /// Posts a JSON body.
    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.call(Method::POST, path, Some(&body)).await
    }

    /// Posts without a body.
    pub(crate) async fn post_empty(&self, path: &str) -> Answer {
        self.call(Method::POST, path, None).await
    }

    /// Puts a JSON body.
    pub(crate) async fn put(&self, path: &str, body: Value) -> Answer {
        self.call(Method::PUT, path, Some(&body)).await
    }

    /// Puts without a body.
    pub(crate) async fn put_empty(&self, path: &str) -> Answer {
        self.call(Method::PUT, path, None).await
    }

    /// Patches with a JSON body.
    pub(crate) async fn patch(&self, path: &str, body: Value) -> Answer {
        self.call(Method::PATCH, path, Some(&body)).await
    }

    /// Deletes a resource.
    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.call(Method::DELETE, path, None).await
    }

    /// Creates a public group and returns its path.
    pub(crate) async fn new_group(&self, name: &str) -> String {
        let group = self.post("/api/groups", json!({"name": name})).await.created();
        format!("/api/groups/{}", group["id"])
    }

    /// Adds a user to a group in a role.
    pub(crate) async fn add(&self, group: &str, user: &Self, role: &str) -> Value {
        let member = json!({"user_id": user.id, "role": role});
        self.post(&format!("{group}/members"), member).await.created()
    }

    /// Sends a message to a group and returns it.
    pub(crate) async fn say(&self, group: &str, text: &str) -> Value {
        self.post(&format!("{group}/messages"), json!({"text": text})).await.created()
    }

    /// Sends a message to a group and returns its path.
    pub(crate) async fn say_at(&self, group: &str, text: &str) -> String {
        format!("{group}/messages/{}", self.say(group, text).await["id"])
    }

    /// Sends a poll to a group, whose members add options, and returns its path.
    pub(crate) async fn ask_at(&self, group: &str, text: &str) -> String {
        let poll = json!({"options": ["yes", "no"], "options_by": "members"});
        let sent =
            self.post(&format!("{group}/messages"), json!({"text": text, "poll": poll})).await.created();
        format!("{group}/messages/{}", sent["id"])
    }

    /// Replies to the message at this path; the reply.
    pub(crate) async fn reply_to(&self, message: &str, text: &str) -> Value {
        let (messages, root) = message.rsplit_once('/').expect("a path");
        let root: i64 = root.parse().expect("an id");
        self.post(messages, json!({"text": text, "thread_id": root})).await.created()
    }

    /// The items of a list's first page, each as the field at this pointer.
    pub(crate) async fn list(&self, path: &str, pointer: &str) -> Vec<Value> {
        pick(&self.get(path).await.ok(), pointer)
    }

    /// Walks a list from cursor to cursor; the items of each page, as the field at this pointer. `first` is
    /// the part of the query for the first page alone.
    pub(crate) async fn walk(&self, path: &str, query: &str, first: &str, pointer: &str) -> Vec<Vec<Value>> {
        let (mut pages, mut place) = (Vec::new(), first.to_owned());
        loop {
            let page = self.get(&format!("{path}?{query}&{place}")).await.ok();
            pages.push(pick(&page, pointer));
            let Some(next) = page["next"].as_str() else { return pages };
            assert!(pages.len() < 1_000, "the list has no end");
            place = format!("cursor={next}");
        }
    }
}

/// The id at the end of a path.
pub(crate) fn id_in(path: &str) -> i64 {
    path.rsplit('/').next().and_then(|id| id.parse().ok()).unwrap_or_else(|| panic!("{path} has no id"))
}

fn pick(page: &Value, pointer: &str) -> Vec<Value> {
    let items = page["items"].as_array().expect("a list has items");
    items.iter().map(|item| item.pointer(pointer).expect("each item has the field").clone()).collect()
}

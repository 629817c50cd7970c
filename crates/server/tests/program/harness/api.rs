//! Calls a running server as any client would.

use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};

use super::DEADLINE;
use super::{Transport, assert_told};

/// A client of a running server.
#[derive(Clone)]
pub(crate) struct Api {
    http: Client,
    url: String,
    key: Option<String>,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub status: StatusCode,
    pub body: Value,
}

impl Answer {
    /// The body, if the status is the expected one.
    #[track_caller]
    pub(crate) fn expect(self, status: StatusCode) -> Value {
        assert_eq!(self.status, status, "{}", self.body);
        self.body
    }
}

impl Api {
    /// A client without a key.
    pub(crate) fn of(url: &str) -> Self {
        Self { http: Client::new(), url: url.to_owned(), key: None }
    }

    pub(crate) fn with_key(mut self, key: &str) -> Self {
        self.key = Some(key.to_owned());
        self
    }

    /// The key that goes with every call.
    pub(crate) fn key(&self) -> &str {
        self.key.as_deref().expect("signed in")
    }

    /// Sends a request; an error means that no whole answer came.
    pub(crate) async fn try_send(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> Result<Answer, reqwest::Error> {
        let is_poll = method == Method::GET && path.split('?').next() == Some("/events");
        let mut request = self.http.request(method, format!("{}{path}", self.url)).timeout(DEADLINE);
        if let Some(key) = &self.key {
            request = request.header("X-API-Key", key);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        let response = request.send().await?;
        let status = response.status();
        let bytes = response.bytes().await?;
        let body = if bytes.is_empty() { Value::Null } else { serde_json::from_slice(&bytes).unwrap() };
        if is_poll && status == StatusCode::OK {
            assert_told(Transport::Poll, &body);
        }
        Ok(Answer { status, body })
    }

    async fn call(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        self.try_send(method, path, body).await.unwrap()
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.call(Method::GET, path, None).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.call(Method::POST, path, Some(body)).await
    }

    pub(crate) async fn post_nothing(&self, path: &str) -> Answer {
        self.call(Method::POST, path, None).await
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> Answer {
        self.call(Method::PUT, path, Some(body)).await
    }

    pub(crate) async fn put_nothing(&self, path: &str) -> Answer {
        self.call(Method::PUT, path, None).await
    }

    pub(crate) async fn patch(&self, path: &str, body: Value) -> Answer {
        self.call(Method::PATCH, path, Some(body)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.call(Method::DELETE, path, None).await
    }

    /// As an admin: creates a user and becomes it, by the key that comes with it.
    pub(crate) async fn create_user(&self, username: &str) -> Api {
        let body = json!({"username": username, "password": "correct horse"});
        let user = self.post("/users", body).await.expect(StatusCode::CREATED);
        self.clone().with_key(user["api_key"].as_str().unwrap())
    }

    /// Creates a group.
    pub(crate) async fn create_group(&self, name: &str) -> i64 {
        let group = self.post("/groups", json!({"name": name})).await.expect(StatusCode::CREATED);
        group["id"].as_i64().unwrap()
    }

    /// Every message of a group, the oldest first, page by page.
    pub(crate) async fn all_messages(&self, group: i64) -> Vec<Value> {
        let (mut messages, mut path) = (Vec::new(), format!("/groups/{group}/messages?limit=200"));
        loop {
            let page = self.get(&path).await.expect(StatusCode::OK);
            messages.extend(page["items"].as_array().unwrap().iter().cloned());
            let Some(cursor) = page["next"].as_str() else { break };
            path = format!("/groups/{group}/messages?limit=200&cursor={cursor}");
        }
        messages.reverse();
        messages
    }
}

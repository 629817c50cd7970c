//! Starts the program on a folder of its own and talks to it.

use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

/// How long anything may take before a test gives up on it.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A command of the built program; it dies with the test.
pub fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_groupchat"));
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    command.env("GROUPCHAT_LOG_FILTER", "warn");
    command
}

/// The command that serves this data on a free port.
pub fn serve(data: &Path) -> Command {
    let mut command = program();
    command.stderr(Stdio::inherit());
    command.args(["serve", "--listen", "127.0.0.1:0", "--data-dir"]).arg(data);
    command
}

/// A running server.
pub struct Server {
    child: Child,
    // Kept open, so that the program never writes into a closed pipe.
    _output: Lines<BufReader<ChildStdout>>,
    /// Where its API is.
    pub url: String,
    /// The first admin's password, if this was the first start.
    pub password: Option<String>,
}

impl Server {
    /// Starts the program on a free port and waits until it listens.
    pub async fn start(data: &Path) -> Self {
        Self::spawn(serve(data)).await
    }

    /// Starts the program by this command and waits until it listens.
    pub async fn spawn(mut command: Command) -> Self {
        let mut child = command.spawn().unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap()).lines();
        let (mut url, mut password) = (None, None);
        while url.is_none() {
            let line = tokio::time::timeout(PATIENCE, output.next_line()).await.unwrap().unwrap();
            let line = line.expect("the program ended before it listened");
            if let Some((_, secret)) = line.split_once("password: ") {
                password = Some(secret.to_owned());
            }
            url = line.split_once("listens on ").map(|(_, base)| format!("{base}/api"));
        }
        Self { child, _output: output, url: url.unwrap(), password }
    }

    /// The address and port of its socket.
    pub fn address(&self) -> &str {
        self.url.trim_start_matches("http://").trim_end_matches("/api")
    }

    /// A client without a key.
    pub fn anonymous(&self) -> Api {
        Api { http: Client::new(), url: self.url.clone(), key: None }
    }

    /// Signs in.
    pub async fn login(&self, username: &str, password: &str) -> Api {
        let body = json!({"username": username, "password": password});
        let answer = self.anonymous().post("/login", body).await.expect(StatusCode::OK);
        self.anonymous().with_key(answer["api_key"].as_str().unwrap())
    }

    /// Signs in as the admin of the first start.
    pub async fn admin(&self) -> Api {
        let password = self.password.clone().expect("not the first start");
        self.login("admin", &password).await
    }

    /// Ends the program as a power cut would.
    pub async fn kill(mut self) {
        self.child.kill().await.unwrap();
    }

    /// Sends a signal by its name.
    pub async fn signal(&self, name: &str) {
        let id = self.child.id().expect("still running").to_string();
        assert!(Command::new("kill").args(["-s", name, &id]).status().await.unwrap().success());
    }

    /// Waits for the program to end.
    pub async fn ended(mut self) -> ExitStatus {
        tokio::time::timeout(PATIENCE, self.child.wait()).await.expect("does not end").unwrap()
    }

    /// Stops the program in good order.
    pub async fn stop(self) {
        self.signal("TERM").await;
        assert_eq!(self.ended().await.code(), Some(0));
    }
}

/// A client of a running server.
#[derive(Clone)]
pub struct Api {
    http: Client,
    url: String,
    key: Option<String>,
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub body: Value,
}

impl Answer {
    /// The body, if the status is the expected one.
    #[track_caller]
    pub fn expect(self, status: StatusCode) -> Value {
        assert_eq!(self.status, status, "{}", self.body);
        self.body
    }
}

impl Api {
    pub fn with_key(mut self, key: &str) -> Self {
        self.key = Some(key.to_owned());
        self
    }

    /// The key that goes with every call.
    pub fn key(&self) -> &str {
        self.key.as_deref().expect("signed in")
    }

    /// Sends a request; an error means that no whole answer came.
    pub async fn try_send(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> Result<Answer, reqwest::Error> {
        let mut request = self.http.request(method, format!("{}{path}", self.url)).timeout(PATIENCE);
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
        Ok(Answer { status, body })
    }

    async fn call(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        self.try_send(method, path, body).await.unwrap()
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.call(Method::GET, path, None).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.call(Method::POST, path, Some(body)).await
    }

    pub async fn post_nothing(&self, path: &str) -> Answer {
        self.call(Method::POST, path, None).await
    }

    pub async fn put(&self, path: &str, body: Value) -> Answer {
        self.call(Method::PUT, path, Some(body)).await
    }

    pub async fn put_nothing(&self, path: &str) -> Answer {
        self.call(Method::PUT, path, None).await
    }

    pub async fn patch(&self, path: &str, body: Value) -> Answer {
        self.call(Method::PATCH, path, Some(body)).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.call(Method::DELETE, path, None).await
    }

    /// As an admin: creates a user and becomes it, by the key that comes with it.
    pub async fn create_user(&self, username: &str) -> Api {
        let body = json!({"username": username, "password": "correct horse"});
        let user = self.post("/users", body).await.expect(StatusCode::CREATED);
        self.clone().with_key(user["api_key"].as_str().unwrap())
    }

    /// Creates a group.
    pub async fn create_group(&self, name: &str) -> i64 {
        let group = self.post("/groups", json!({"name": name})).await.expect(StatusCode::CREATED);
        group["id"].as_i64().unwrap()
    }

    /// Every message of a group, the oldest first, page by page.
    pub async fn all_messages(&self, group: i64) -> Vec<Value> {
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

/// A folder for a server's data, removed with the test.
pub fn data() -> TempDir {
    tempfile::tempdir().unwrap()
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    integrity_check: String,
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

#[derive(QueryableByName)]
struct Word {
    #[diesel(sql_type = Text)]
    text: String,
}

/// The database of a server, looked at from outside.
pub struct Database(SqliteConnection);

impl Database {
    pub fn open(data: &Path) -> Self {
        Self::open_file(&data.join("groupchat.db"))
    }

    /// A database under another name.
    pub fn open_file(path: &Path) -> Self {
        let mut connection = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
        connection.batch_execute("PRAGMA busy_timeout = 10000").unwrap();
        Self(connection)
    }

    /// Fails unless SQLite finds its file sound.
    pub fn check_integrity(&mut self) {
        let lines: Vec<Line> = diesel::sql_query("PRAGMA integrity_check").load(&mut self.0).unwrap();
        let lines: Vec<_> = lines.into_iter().map(|line| line.integrity_check).collect();
        assert_eq!(lines, ["ok"]);
    }

    /// How many rows the query counts; it names its column `count`.
    pub fn count(&mut self, query: &str) -> i64 {
        diesel::sql_query(query).get_result::<Count>(&mut self.0).unwrap().count
    }

    /// Changes the database behind the program's back.
    pub fn execute(&mut self, sql: &str) {
        self.0.batch_execute(sql).unwrap();
    }

    /// The epoch of the event log.
    pub fn epoch(&mut self) -> String {
        diesel::sql_query("SELECT epoch AS text FROM log_state").get_result::<Word>(&mut self.0).unwrap().text
    }
}

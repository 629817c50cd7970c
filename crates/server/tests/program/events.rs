//! Events of a program that stops, starts anew and shares its database with its own command line.

use std::time::Duration;

use reqwest::{Client, Response, StatusCode};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::commands::{printed, run_with_input};
use crate::harness::{Api, PATIENCE, Server, Transport, assert_told, data, serve};

/// Events as they happen.
pub struct Stream {
    response: Response,
    text: String,
}

impl Stream {
    pub async fn open(server: &Server, api: &Api) -> Self {
        let request =
            Client::new().get(format!("{}/events/stream", server.url)).header("X-API-Key", api.key());
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        Self { response, text: String::new() }
    }

    /// Waits for an event of this type.
    pub async fn wait_for(&mut self, event_type: &str) -> Value {
        loop {
            let event = self.next().await;
            if event["type"] == event_type {
                return event;
            }
        }
    }

    async fn next(&mut self) -> Value {
        loop {
            if let Some((block, rest)) = self.text.split_once("\n\n") {
                let data = block.lines().find_map(|line| line.strip_prefix("data: ")).unwrap();
                let event = serde_json::from_str(data).unwrap();
                assert_told(Transport::Stream, &event);
                self.text = rest.to_owned();
                return event;
            }
            let chunk = timeout(PATIENCE, self.response.chunk()).await.expect("no event comes").unwrap();
            self.text.push_str(std::str::from_utf8(&chunk.expect("the stream goes on")).unwrap());
        }
    }
}

async fn cursor(api: &Api) -> String {
    let answer = api.get("/events").await.expect(StatusCode::OK);
    answer["cursor"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn listeners_do_not_hold_up_the_stop_and_go_on_after_it_where_they_were() {
    let data = data();
    let mut command = serve(&data);
    // Longer than the test waits for the end.
    command.args(["--shutdown-timeout", "600"]);
    let server = Server::spawn(command).await;
    let admin = server.admin().await;
    let password = server.password.clone().unwrap();
    let group = admin.create_group("Lobby").await;
    let mut stream = Stream::open(&server, &admin).await;
    let cursor = stream.wait_for("hello").await["cursor"].as_str().unwrap().to_owned();
    let (path, message) = (format!("/groups/{group}/messages"), json!({"text": "before the stop"}));
    admin.post(&path, message).await.expect(StatusCode::CREATED);
    server.signal("TERM").await;
    assert_eq!(stream.wait_for("end").await["data"], json!({"reason": "stopping"}));
    drop(stream);
    assert_eq!(server.ended().await.code(), Some(0));

    let server = Server::start(&data).await;
    let admin = server.login("admin", &password).await;
    admin.post(&path, json!({"text": "after it"})).await.expect(StatusCode::CREATED);
    let answer = admin.get(&format!("/events?cursor={cursor}")).await.expect(StatusCode::OK);
    let texts: Vec<_> =
        answer["items"].as_array().unwrap().iter().map(|event| &event["data"]["text"]).collect();
    assert_eq!(texts, ["before the stop", "after it"]);
    server.stop().await;
}

#[tokio::test]
async fn what_another_process_does_is_heard() {
    let data = data();
    let server = Server::start(&data).await;
    let admin = server.admin().await;
    let mut stream = Stream::open(&server, &admin).await;
    stream.wait_for("hello").await;
    let arguments = ["user", "create", "--password-stdin", "--username", "zoe"];
    printed(&run_with_input(&data, &arguments, "correct horse\n").await);
    let told = stream.wait_for("user.created").await;
    assert_eq!(json!([told["data"]["username"], told["actor_id"]]), json!(["zoe", null]));
    server.stop().await;
}

#[tokio::test]
async fn the_log_is_kept_as_long_as_the_settings_say() {
    let data = data();
    let server = Server::start(&data).await;
    let admin = server.admin().await;
    let password = server.password.clone().unwrap();
    let group = admin.create_group("Lobby").await;
    let cursor = cursor(&admin).await;
    for _ in 0..110 {
        admin
            .post(&format!("/groups/{group}/messages"), json!({"text": "x"}))
            .await
            .expect(StatusCode::CREATED);
    }
    server.stop().await;

    let mut command = serve(&data);
    command.args(["--events-retention-rows", "100"]);
    let server = Server::spawn(command).await;
    let admin = server.login("admin", &password).await;
    let path = format!("/events?cursor={cursor}");
    let is_gone = async {
        // The server cleans up once it serves.
        while admin.get(&path).await.expect(StatusCode::OK)["items"][0]["type"] != "gap" {}
    };
    timeout(Duration::from_secs(20), is_gone).await.expect("the log is shortened");
    server.stop().await;
}

#[tokio::test]
async fn whoever_hangs_up_has_no_place_any_more() {
    let data = data();
    let mut command = serve(&data);
    command.args(["--events-connections-per-user", "1"]);
    let server = Server::spawn(command).await;
    let admin = server.admin().await;
    let path = format!("/api/events?cursor={}&wait=60", cursor(&admin).await);
    let mut connection = TcpStream::connect(server.address()).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\nX-API-Key: {}\r\n\r\n", admin.key());
    connection.write_all(request.as_bytes()).await.unwrap();
    let becomes = async |status| while admin.get("/events").await.status != status {};
    let refused = becomes(StatusCode::TOO_MANY_REQUESTS);
    timeout(PATIENCE, refused).await.expect("the only place is taken");
    connection.shutdown().await.unwrap();
    // Sooner than the poll would have ended.
    timeout(Duration::from_secs(30), becomes(StatusCode::OK)).await.expect("the place is free");
    server.stop().await;
}

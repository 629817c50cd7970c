//! Events of a program that stops, starts again and shares its database with its own command line.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use reqwest::{Client, Response, StatusCode};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::ClientRequestBuilder;
use tokio_tungstenite::tungstenite::protocol::Message;
use tokio_tungstenite::{WebSocketStream, client_async};

use crate::commands::{printed, run_with_input};
use crate::harness::{Api, DEADLINE, Server, Transport, assert_told, data, serve};

/// Events as they happen.
pub(crate) struct Stream {
    response: Response,
    text: String,
}

impl Stream {
    pub(crate) async fn open(server: &Server, api: &Api) -> Self {
        let request =
            Client::new().get(format!("{}/events/stream", server.url)).header("X-API-Key", api.key());
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        Self { response, text: String::new() }
    }

    /// Waits for an event of this type, whatever comes before it.
    pub(crate) async fn wait_for(&mut self, event_type: &str) -> Value {
        let found = async {
            loop {
                let event = self.next().await;
                if event["type"] == event_type {
                    return event;
                }
            }
        };
        timeout(DEADLINE, found).await.unwrap_or_else(|_| panic!("no {event_type} comes"))
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
            let chunk = self.response.chunk().await.unwrap();
            self.text.push_str(std::str::from_utf8(&chunk.expect("the stream goes on")).unwrap());
        }
    }
}

async fn cursor(api: &Api) -> String {
    let answer = api.get("/events").await.expect(StatusCode::OK);
    answer["cursor"].as_str().unwrap().to_owned()
}

/// Opens a WebSocket for events.
pub(crate) async fn open_socket(server: &Server, api: &Api) -> WebSocketStream<TcpStream> {
    let uri = format!("ws://{}/api/events/socket", server.address()).parse().unwrap();
    let request = ClientRequestBuilder::new(uri).with_header("X-API-Key", api.key());
    let tcp = TcpStream::connect(server.address()).await.unwrap();
    client_async(request, tcp).await.unwrap().0
}

/// Asks for something on a socket, and waits for the reply.
pub(crate) async fn ask(socket: &mut WebSocketStream<TcpStream>, mut request: Value) -> Value {
    request["id"] = json!("asked");
    socket.send(Message::text(request.to_string())).await.unwrap();
    let replied = async {
        loop {
            if let Message::Text(text) = socket.next().await.expect("the socket stays open").unwrap() {
                let told: Value = serde_json::from_str(&text).unwrap();
                if told["id"] == "asked" {
                    return told;
                }
            }
        }
    };
    timeout(DEADLINE, replied).await.expect("a reply comes")
}

/// The type of the last event of a socket that the server closes, and the code that it closes with.
async fn end_of(mut socket: WebSocketStream<TcpStream>) -> (Value, u16) {
    let mut last = Value::Null;
    let ended = async {
        loop {
            match socket.next().await.expect("the server closes").unwrap() {
                Message::Text(text) => {
                    let event = serde_json::from_str(&text).unwrap();
                    assert_told(Transport::Socket, &event);
                    last = event["type"].clone();
                }
                Message::Close(reason) => return u16::from(reason.expect("a code").code),
                _ => {}
            }
        }
    };
    let code = timeout(DEADLINE, ended).await.expect("the socket ends");
    (last, code)
}

/// Begins a poll after this cursor, which has come to the server when this returns: right behind another request, which
/// is answered first.
async fn begin_poll(server: &Server, api: &Api, cursor: &str) -> TcpStream {
    let mut connection = TcpStream::connect(server.address()).await.unwrap();
    let (host, key) = (server.address(), api.key());
    let requests = format!(
        "GET /api/version HTTP/1.1\r\nHost: {host}\r\n\r\n\
         GET /api/events?cursor={cursor}&wait=60 HTTP/1.1\r\nHost: {host}\r\nX-API-Key: {key}\r\n\r\n"
    );
    connection.write_all(requests.as_bytes()).await.unwrap();
    let mut first = Vec::new();
    let answered = async {
        while !first.ends_with(b"}") {
            first.push(connection.read_u8().await.unwrap());
        }
    };
    timeout(DEADLINE, answered).await.expect("the version comes");
    connection
}

/// The status of the only answer that still comes.
async fn status_of(mut connection: TcpStream) -> u16 {
    let mut answer = String::new();
    timeout(DEADLINE, connection.read_to_string(&mut answer)).await.expect("an answer comes").unwrap();
    answer.split(' ').nth(1).unwrap_or_default().parse().unwrap_or_else(|_| panic!("a status: {answer}"))
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
    let now = stream.wait_for("message.created").await["cursor"].clone();
    let socket = open_socket(&server, &admin).await;
    let poll = begin_poll(&server, &admin, now.as_str().unwrap()).await;
    server.signal("TERM").await;
    assert_eq!(stream.wait_for("end").await["data"], json!({"reason": "stopping"}));
    assert_eq!(end_of(socket).await, (json!("reconnect"), 1012));
    assert_eq!(status_of(poll).await, 503);
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
    let cursor = cursor(&admin).await;
    let status = async || admin.get("/events").await.status;
    let mut connections = vec![];
    let is_full = async {
        // Until one of the polls is there before the look at it, which takes the place for a moment, too.
        while status().await != StatusCode::TOO_MANY_REQUESTS {
            connections.push(begin_poll(&server, &admin, &cursor).await);
        }
    };
    timeout(DEADLINE, is_full).await.expect("the only place is taken");
    for connection in &mut connections {
        connection.shutdown().await.unwrap();
    }
    let is_free = async { while status().await != StatusCode::OK {} };
    // Sooner than the poll would have ended.
    timeout(Duration::from_secs(30), is_free).await.expect("the place is free");
    server.stop().await;
}

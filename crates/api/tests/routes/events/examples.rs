//! The examples of `docs/EVENTS.md`, which come from a run.

use std::collections::BTreeMap;
use std::time::Duration;

use groupchat_api::ServerOptions;
use groupchat_domain::time::Timestamp;
use serde_json::{Value, json};

use super::all_transports::now;
use crate::handbook::{assert_reviewed, page, with_part};
use crate::harness::{Client, EventStream, Listening, PASSWORD, Server, WebSocket, assert_listed, id_in};

/// When the run begins: 2026-11-22T20:15:30Z.
const BEGIN: Timestamp = Timestamp::from_micros(1_795_378_530_000_000);

/// The epoch of the examples, in the place of the random one of a run.
const EPOCH: &str = "0badc0de";

/// The longest line of an example.
const WIDTH: usize = 110;

/// Three people and their connections, on a server whose clock stands still.
struct Scene {
    server: Server,
    root: Client,
    ada: Client,
    grace: Client,
    adas: WebSocket,
    graces: WebSocket,
    /// Ada's other device.
    phone: WebSocket,
    group: String,
    kept: Kept,
}

/// What was waited for, as it came.
#[derive(Default)]
struct Kept(Vec<String>);

impl Kept {
    async fn hear(&mut self, socket: &mut WebSocket, event_type: &str) -> Value {
        let heard = socket.wait_for(event_type).await;
        self.keep_last(socket);
        heard
    }

    fn keep_last(&mut self, socket: &WebSocket) {
        self.0.push(socket.heard.last().expect("something was heard").clone());
    }
}

#[actix_web::test]
async fn the_examples_are_from_a_run() {
    let server = Server::standing_at(BEGIN).await;
    let listening = Listening::start(&server);
    let mut scene = Scene::set(server, &listening).await;
    scene.talk().await;
    scene.be_there().await;
    scene.part().await;
    scene.end(&listening).await;
    let epoch = now(&scene.ada).await.split_once('-').expect("a cursor").0.to_owned();
    listening.stop().await;

    let examples = examples(&scene.kept.0);
    let document = groupchat_api::asyncapi::document("1.2.3");
    let documented = document["components"]["messages"].as_object().expect("messages").keys().cloned();
    let documented = documented.filter(|name| !name.starts_with("request.")).collect();
    let shown = examples.keys().cloned().collect();
    assert_listed("crates/api/tests/routes/events/examples.rs", &shown, &documented);
    let made = examples.iter().fold(page("EVENTS.md"), |page, (name, example)| {
        let example = laid_out(&example.replace(&epoch, EPOCH));
        with_part(&page, &format!("example of {name}"), &format!("```json\n{example}\n```\n"))
    });
    assert_reviewed("EVENTS.md", &made);
}

impl Scene {
    /// Ada makes a group and Grace comes into it; both are connected.
    async fn set(server: Server, listening: &Listening) -> Self {
        let (root, ada, grace) =
            (server.admin("root").await, server.user("ada").await, server.user("grace").await);
        let mut kept = Kept::default();
        let (mut adas, _) = WebSocket::open(listening, &ada, "").await;
        server.advance_clock(Duration::from_secs(5));
        root.post("/api/users", json!({"username": "mary", "password": PASSWORD})).await.created();
        kept.hear(&mut adas, "user.created").await;
        grace.patch("/api/users/me", json!({"display_name": "Grace Hopper"})).await.ok();
        kept.hear(&mut adas, "user.updated").await;
        let group = ada.new_group("Engines").await;
        kept.hear(&mut adas, "group.created").await;
        kept.hear(&mut adas, "member.added").await;
        ada.patch(&group, json!({"description": "Analytical ones"})).await.ok();
        kept.hear(&mut adas, "group.updated").await;
        ada.add(&group, &grace, "member").await;
        kept.hear(&mut adas, "member.added").await;
        ada.patch(&format!("{group}/members/{}", grace.id()), json!({"role": "admin"})).await.ok();
        kept.hear(&mut adas, "member.updated").await;
        let (mut graces, _) = WebSocket::open(listening, &grace, "").await;
        graces.wait_for("presence").await;
        while kept.hear(&mut adas, "presence").await["data"]["user_id"] != grace.id() {}
        let (mut phone, _) = WebSocket::open(listening, &server.sign_in_again("ada").await, "").await;
        kept.keep_last(&phone);
        phone.wait_for("presence").await;
        Self { server, root, ada, grace, adas, graces, phone, group, kept }
    }

    /// Grace writes, Ada reads.
    async fn talk(&mut self) {
        let group = id_in(&self.group);
        self.server.advance_clock(Duration::from_secs(5));
        self.grace_asks(json!({"type": "typing", "group_id": group})).await;
        self.kept.hear(&mut self.adas, "typing").await;
        let message =
            json!({"type": "send", "group_id": group, "text": "Hello, Ada!", "client_id": "hello-1"});
        let sent = self.grace_asks(message).await;
        self.kept.hear(&mut self.adas, "message.created").await;
        let read = json!({"id": "read", "type": "read", "group_id": group, "seq": 1});
        self.adas.send(&read.to_string()).await;
        self.kept.hear(&mut self.adas, "reply").await;
        self.kept.hear(&mut self.phone, "read.updated").await;
        let path = format!("{}/messages/{}", self.group, sent["data"]["id"]);
        self.server.advance_clock(Duration::from_secs(5));
        self.grace.patch(&path, json!({"text": "Hello, Ada! A bug."})).await.ok();
        self.kept.hear(&mut self.adas, "message.updated").await;
        self.ada.put_empty(&format!("{path}/like")).await.ok();
        self.kept.hear(&mut self.adas, "message.liked").await;
        self.ada.delete(&format!("{path}/like")).await.ok();
        self.kept.hear(&mut self.adas, "message.unliked").await;
        self.ada.put_empty(&format!("{path}/pin")).await.ok();
        self.kept.hear(&mut self.adas, "message.pinned").await;
        self.ada.delete(&format!("{path}/pin")).await.ok();
        self.kept.hear(&mut self.adas, "message.unpinned").await;
        self.grace.delete(&path).await.no_content();
        self.kept.hear(&mut self.adas, "message.deleted").await;
    }

    /// Requests that change nothing, and one that is rejected.
    async fn be_there(&mut self) {
        self.grace_asks(json!({"type": "presence", "state": "away"})).await;
        self.grace_asks(json!({"type": "ping"})).await;
        let refused = json!({"id": "refused", "type": "send", "group_id": 9_999, "text": "Is anybody here?"});
        self.graces.send(&refused.to_string()).await;
        self.kept.hear(&mut self.graces, "error").await;
    }

    async fn grace_asks(&mut self, mut request: Value) -> Value {
        request["id"] = request["type"].clone();
        self.graces.send(&request.to_string()).await;
        self.kept.hear(&mut self.graces, "reply").await
    }

    /// Grace is removed, the group and an account are deleted.
    async fn part(&mut self) {
        self.server.advance_clock(Duration::from_secs(5));
        self.ada.delete(&format!("{}/members/{}", self.group, self.grace.id())).await.no_content();
        self.kept.hear(&mut self.adas, "member.removed").await;
        self.ada.delete(&self.group).await.no_content();
        self.kept.hear(&mut self.adas, "group.deleted").await;
        self.root.delete(&format!("/api/users/{}", self.grace.id())).await.no_content();
        self.kept.hear(&mut self.adas, "user.deleted").await;
    }

    /// How connections and cursors end.
    async fn end(&mut self, listening: &Listening) {
        let quick = ServerOptions { heartbeat: Duration::from_millis(500), ..ServerOptions::default() };
        let beating = Listening::start(&self.server.with_options(quick).await);
        let (mut socket, _) = WebSocket::open(&beating, &self.ada, "cursor=ancient-1").await;
        self.kept.hear(&mut socket, "gap").await;
        self.kept.hear(&mut socket, "heartbeat").await;
        let (mut stream, hello) = EventStream::open(listening, &self.ada, "").await;
        let answer = self.poll_last(hello["cursor"].as_str().expect("a cursor")).await;
        self.server.state().live.stop();
        let last = in_order(&stream.last().await, &["cursor", "type", "group_id", "actor_id", "at", "data"]);
        // Another number for each client.
        let after = self.kept.hear(&mut self.adas, "reconnect").await["data"]["after_ms"].to_string();
        let reconnect = self.kept.0.pop().expect("it was kept").replace(&after, "1734");
        self.kept.0.extend([answer, last, reconnect]);
        beating.stop().await;
    }

    /// A poll after the event before the last one.
    async fn poll_last(&self, cursor: &str) -> String {
        let (epoch, position) = cursor.split_once('-').expect("an epoch and a position");
        let before = position.parse::<i64>().expect("a number") - 1;
        let answer = self.ada.get(&format!("/api/events?cursor={epoch}-{before}")).await;
        answer.expect(200).text().to_owned()
    }
}

/// An object with its fields in this order.
fn in_order(object: &Value, fields: &[&str]) -> String {
    let fields: Vec<_> = fields.iter().map(|field| format!("\"{field}\":{}", object[field])).collect();
    format!("{{{}}}", fields.join(","))
}

/// What was kept last of each message, by its name.
fn examples(kept: &[String]) -> BTreeMap<String, String> {
    let named = kept.iter().map(|text| {
        let frame: Value = serde_json::from_str(text).expect("JSON");
        let name = match frame["type"].as_str() {
            Some("reply") => format!("reply.{}", frame["id"].as_str().expect("the type of the request")),
            Some(of_type) => of_type.to_owned(),
            None => "events".to_owned(),
        };
        (name, text.clone())
    });
    named.collect()
}

/// JSON on lines that fit a page, in the order in which it came.
fn laid_out(text: &str) -> String {
    let mut lines = vec![String::new()];
    for piece in pieces(text) {
        let line = lines.last_mut().expect("there is one");
        if piece.starts_with("\"data\"") || line.chars().count() + piece.chars().count() >= WIDTH {
            lines.push(format!(" {piece}"));
        } else {
            *line = [line.trim_end(), &piece].join(if line.is_empty() { "" } else { " " });
        }
    }
    lines.join("\n")
}

/// JSON cut after each comma that separates.
fn pieces(text: &str) -> Vec<String> {
    let (mut pieces, mut is_text, mut is_escaped) = (vec![String::new()], false, false);
    for c in text.chars() {
        let piece = pieces.last_mut().expect("there is one");
        piece.push(c);
        match c {
            '"' if !is_escaped => is_text = !is_text,
            ':' if !is_text => piece.push(' '),
            ',' if !is_text => pieces.push(String::new()),
            _ => {}
        }
        is_escaped = c == '\\' && !is_escaped;
    }
    pieces
}

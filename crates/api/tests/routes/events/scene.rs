//! A scene with every type of event and every request. Tests compare what it looks like on each transport.

use std::time::Duration;

use groupchat_api::ServerOptions;
use groupchat_domain::time::Timestamp;
use serde_json::{Value, json};

use super::all_transports::{AllTransports, now};
use crate::harness::{Client, EventStream, Listening, PASSWORD, Server, WebSocket, id_in};

/// This file, for tests that say what it lacks.
pub(super) const FILE: &str = "crates/api/tests/routes/events/scene.rs";

/// When the scene begins: 2026-11-22T20:15:30Z.
const BEGIN: Timestamp = Timestamp::from_micros(1_795_378_530_000_000);

/// Three people and their connections, on a server whose clock stands still.
pub(super) struct Scene {
    server: Server,
    pub root: Client,
    pub ada: Client,
    pub grace: Client,
    pub adas: AllTransports,
    pub graces: WebSocket,
    /// Ada's other device.
    phone: WebSocket,
    group: String,
    pub kept: Kept,
}

/// What was waited for.
#[derive(Default)]
pub(super) struct Kept {
    /// Every frame, as it came.
    pub frames: Vec<String>,
    /// Ada's events of the log, in order; they are the same on all of her transports.
    pub logged: Vec<Value>,
}

impl Kept {
    /// Ada's next event of the log, which has this type.
    async fn log(&mut self, adas: &mut AllTransports, event_type: &str) {
        let event = adas.next_logged().await;
        assert_eq!(event["type"], event_type, "{event}");
        self.keep_last(&adas.socket);
        self.logged.push(event);
    }

    /// The next frame of this type on a socket.
    async fn hear(&mut self, socket: &mut WebSocket, frame_type: &str) -> Value {
        let heard = socket.wait_for(frame_type).await;
        self.keep_last(socket);
        heard
    }

    fn keep_last(&mut self, socket: &WebSocket) {
        self.frames.push(socket.heard.last().expect("something was heard").clone());
    }
}

impl Scene {
    /// Plays the scene from the first event to the end of the connections.
    pub(super) async fn play() -> Self {
        let server = Server::standing_at(BEGIN).await;
        let listening = Listening::start(&server);
        let mut scene = Self::set(server, &listening).await;
        scene.talk().await;
        scene.be_there().await;
        scene.part().await;
        scene.end(&listening).await;
        listening.stop().await;
        scene
    }

    /// The random part of the cursors.
    pub(super) async fn epoch(&self) -> String {
        now(&self.ada).await.split_once('-').expect("a cursor").0.to_owned()
    }

    /// Ada makes a group and Grace comes into it; both are connected.
    async fn set(server: Server, listening: &Listening) -> Self {
        let (root, ada, grace) =
            (server.admin("root").await, server.user("ada").await, server.user("grace").await);
        let mut kept = Kept::default();
        let mut adas = AllTransports::open(listening, &ada, None).await;
        server.advance_clock(Duration::from_secs(5));
        root.post("/api/users", json!({"username": "mary", "password": PASSWORD})).await.created();
        kept.log(&mut adas, "user.created").await;
        let profile = json!({"display_name": "Grace Hopper", "email": "grace@example.org"});
        grace.patch("/api/users/me", profile).await.ok();
        kept.log(&mut adas, "user.updated").await;
        let auditor = json!({"name": "Auditor", "permissions": ["view_audit"]});
        let auditor = root.post("/api/roles", auditor).await.created();
        kept.log(&mut adas, "roles.updated").await;
        root.put_empty(&format!("/api/users/{}/roles/{}", grace.id(), auditor["id"])).await.ok();
        kept.log(&mut adas, "user.roles_updated").await;
        let group = ada.new_group("Engines").await;
        kept.log(&mut adas, "group.created").await;
        kept.log(&mut adas, "member.added").await;
        ada.patch(&group, json!({"description": "Analytical ones"})).await.ok();
        kept.log(&mut adas, "group.updated").await;
        ada.add(&group, &grace, "member").await;
        kept.log(&mut adas, "member.added").await;
        ada.patch(&format!("{group}/members/{}", grace.id()), json!({"role": "admin"})).await.ok();
        kept.log(&mut adas, "member.updated").await;
        let (mut graces, _) = WebSocket::open(listening, &grace, "").await;
        graces.wait_for("presence").await;
        while kept.hear(&mut adas.socket, "presence").await["data"]["user_id"] != grace.id() {}
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
        self.kept.hear(&mut self.adas.socket, "typing").await;
        self.reuse_token().await;
        self.log("security.refresh_reused").await;
        self.set_up_factor().await;
        self.log("security.factors_updated").await;
        self.ada.post("/api/tokens", json!({"name": "Deploys", "scopes": ["write"]})).await.created();
        self.log("tokens.updated").await;
        let message =
            json!({"type": "send", "group_id": group, "text": "Hello, Ada!", "client_id": "hello-1"});
        let sent = self.grace_asks(message).await;
        self.log("message.created").await;
        let read = json!({"id": "read", "type": "read", "group_id": group, "seq": 1});
        self.adas.socket.send(&read.to_string()).await;
        self.kept.hear(&mut self.adas.socket, "reply").await;
        self.kept.hear(&mut self.phone, "read.updated").await;
        self.ada.put(&format!("{}/read", self.group), json!({"seq": 1, "unread": true})).await.ok();
        self.phone.wait_for("read.updated").await;
        self.ada.post_empty("/api/read-all").await.no_content();
        self.kept.hear(&mut self.phone, "read.all").await;
        let settings = json!({"notify": "mentions", "pinned": true});
        self.ada.patch(&format!("{}/members/me", self.group), settings).await.ok();
        self.log("settings.updated").await;
        // Ended again, because no invitation of somebody who is blocked arrives.
        let block = format!("/api/users/{}/block", self.root.id());
        self.ada.put_empty(&block).await.ok();
        self.log("blocks.updated").await;
        self.ada.delete(&block).await.no_content();
        self.log("blocks.updated").await;
        let path = format!("{}/messages/{}", self.group, sent["data"]["id"]);
        self.server.advance_clock(Duration::from_secs(5));
        self.grace.patch(&path, json!({"text": "Hello, Ada! A bug."})).await.ok();
        self.log("message.updated").await;
        self.ada.put_empty(&format!("{path}/like")).await.ok();
        self.log("message.liked").await;
        self.ada.delete(&format!("{path}/like")).await.ok();
        self.log("message.unliked").await;
        let react =
            json!({"type": "react", "group_id": group, "message_id": sent["data"]["id"], "emoji": "🎉"});
        self.grace_asks(react).await;
        self.log("message.reacted").await;
        // 🎉
        self.grace.delete(&format!("{path}/reactions/%F0%9F%8E%89")).await.ok();
        self.log("message.unreacted").await;
        self.poll().await;
        self.ada.put_empty(&format!("{path}/pin")).await.ok();
        self.log("message.pinned").await;
        self.ada.delete(&format!("{path}/pin")).await.ok();
        self.log("message.unpinned").await;
        let naming = self.grace.say_at(&self.group, "@ada, look!").await;
        self.log("message.created").await;
        self.log("mention.created").await;
        let note = json!({"note": "Ask Grace about this."});
        self.ada.put(&format!("/api/messages/{}/bookmark", id_in(&naming)), note).await.ok();
        self.log("bookmark.updated").await;
        self.ada.put(&format!("{}/draft", self.group), json!({"text": "Hello, Gra"})).await.ok();
        self.log("draft.updated").await;
        self.plan(&naming, &sent["data"]["id"]).await;
        self.grace.patch(&naming, json!({"text": "Look!"})).await.ok();
        self.log("message.updated").await;
        self.log("mention.removed").await;
        // Grace follows no thread, of which Ada would not be told.
        let root = self.ada.say_at(&self.group, "A bug?").await;
        self.ada.reply_to(&root, "A moth, in fact.").await;
        for event in ["message.created", "message.created", "thread.updated", "thread.followed"] {
            self.log(event).await;
        }
        self.ada.delete(&format!("{root}/follow")).await.no_content();
        self.log("thread.unfollowed").await;
        self.grace.delete(&path).await.no_content();
        self.log("message.deleted").await;
        self.be_in_time().await;
        crate::retention::run(&self.server, Duration::from_secs(7)).await;
        self.log("history.trimmed").await;
    }

    /// Ada wants to be reminded of a message, and schedules two, of which the second one quotes another.
    async fn plan(&mut self, message: &str, quoted: &Value) {
        let (at, waiting) = ("2026-11-22T20:15:50Z", format!("{}/scheduled-messages", self.group));
        self.ada.post(&format!("/api/messages/{}/reminder", id_in(message)), json!({"at": at})).await.ok();
        self.log("reminder.updated").await;
        for draft in [
            json!({"text": "Good morning", "send_at": at}),
            json!({"text": "As you said", "send_at": at, "reply_to": quoted}),
        ] {
            self.ada.post(&waiting, draft).await.created();
            self.log("scheduled.updated").await;
        }
    }

    /// The time has come. What the second message quotes is deleted.
    async fn be_in_time(&mut self) {
        self.server.advance_clock(Duration::from_secs(5));
        crate::scheduled::run(&self.server).await;
        for event in ["reminder.due", "message.created", "scheduled.sent", "scheduled.failed"] {
            self.log(event).await;
        }
    }

    /// Grace asks something, to which Ada answers.
    async fn poll(&mut self) {
        let poll = json!({"options": ["On Tuesday", "On Thursday"], "options_by": "members"});
        let asked = json!({"text": "When do we look for it?", "poll": poll});
        let asked = self.grace.post(&format!("{}/messages", self.group), asked).await.created();
        self.log("message.created").await;
        let path = format!("{}/messages/{}/poll", self.group, asked["id"]);
        self.ada.put(&format!("{path}/vote"), json!({"options": [2]})).await.ok();
        self.log("poll.voted").await;
        self.ada.post(&format!("{path}/options"), json!({"text": "On Friday"})).await.ok();
        self.log("poll.updated").await;
        self.grace.post_empty(&format!("{path}/close")).await.ok();
        self.log("poll.closed").await;
    }

    /// Ada sets up one-time passwords.
    async fn set_up_factor(&self) {
        let begun = self.ada.post("/api/users/me/mfa/totp", json!({"password": PASSWORD})).await.ok();
        let secret = begun["secret"].as_str().expect("a secret");
        let secret = totp_rs::Secret::try_from_base32(secret).expect("base 32");
        let totp = totp_rs::Builder::new().with_secret(secret.as_bytes().to_vec()).build_noncompliant();
        let now = self.server.run(|tx| tx.now()).await;
        let seconds = u64::try_from(now.as_micros() / 1_000_000).expect("a time of today");
        let code = json!({"code": totp.generate(seconds).to_string()});
        self.ada.post("/api/users/me/mfa/totp/confirm", code).await.ok();
    }

    /// One of Ada's refresh tokens is used when it was given up long ago.
    async fn reuse_token(&self) {
        let nobody = self.server.nobody();
        let login = json!({"username": "ada", "password": PASSWORD, "refresh": true});
        let first = nobody.post("/api/login", login).await.ok();
        let token = |answer: &Value| json!({"refresh_token": answer["refresh_token"]});
        let second = nobody.post("/api/login/refresh", token(&first)).await.ok();
        nobody.post("/api/login/refresh", token(&second)).await.ok();
        nobody.post("/api/login/refresh", token(&first)).await.refused(401, "refresh_reused");
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

    /// A group of others is hidden, Grace is banned for a while and asks to come back; the group that both were in and her account are
    /// deleted.
    async fn part(&mut self) {
        self.server.advance_clock(Duration::from_secs(5));
        let analysts = self.root.new_group("Analysts").await;
        self.log("group.created").await;
        self.root.patch(&analysts, json!({"visibility": "private"})).await.ok();
        self.log("group.hidden").await;
        let ban = format!("{}/bans/{}", self.group, self.grace.id());
        self.ada.put(&ban, json!({"reason": "Bugs"})).await.ok();
        self.log("member.removed").await;
        self.log("ban.created").await;
        self.ada.put(&ban, json!({"reason": "Bugs", "until": "2026-11-23T20:15:30Z"})).await.ok();
        self.log("ban.updated").await;
        self.ada.delete(&ban).await.no_content();
        self.log("ban.ended").await;
        self.ada.patch(&self.group, json!({"visibility": "closed"})).await.ok();
        self.log("group.updated").await;
        let message = json!({"message": "No more bugs, I promise."});
        self.grace.post(&format!("{}/join", self.group), message).await.expect(202);
        self.log("join_request.created").await;
        self.ada.delete(&format!("{}/join-requests/{}", self.group, self.grace.id())).await.no_content();
        self.log("join_request.ended").await;
        self.answer_invitations(&analysts).await;
        self.ada.delete(&self.group).await.no_content();
        self.log("group.deleted").await;
        self.root.delete(&format!("/api/users/{}", self.grace.id())).await.no_content();
        self.log("user.deleted").await;
        self.graces.closed().await;
    }

    /// Ada is invited to a group that she does not see: the invitation is withdrawn, the next one declined, and the
    /// last one accepted.
    async fn answer_invitations(&mut self, group: &str) {
        for (answer, event) in [
            ("withdraw", "invitation.withdrawn"),
            ("decline", "invitation.declined"),
            ("accept", "invitation.accepted"),
        ] {
            let draft = json!({"user_id": self.ada.id(), "note": "Come and see our engines."});
            let invited = self.root.post(&format!("{group}/invitations"), draft).await.created();
            self.log("invitation.created").await;
            let id = &invited["id"];
            match answer {
                "withdraw" => self.root.delete(&format!("{group}/invitations/{id}")).await.no_content(),
                "decline" => {
                    self.ada.post_empty(&format!("/api/invitations/{id}/decline")).await.no_content();
                }
                _ => drop(self.ada.post_empty(&format!("/api/invitations/{id}/accept")).await.created()),
            }
            self.log(event).await;
        }
        self.log("member.added").await;
        self.log("group.created").await;
    }

    async fn log(&mut self, event_type: &str) {
        self.kept.log(&mut self.adas, event_type).await;
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
        let after = self.kept.hear(&mut self.adas.socket, "reconnect").await["data"]["after_ms"].to_string();
        let reconnect = self.kept.frames.pop().expect("it was kept").replace(&after, "1734");
        self.kept.frames.extend([answer, last, reconnect]);
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

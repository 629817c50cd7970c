//! What is the same on every transport: the events, their order, their cursors.

use std::time::Duration;

use groupchat_api::ServerOptions;
use groupchat_domain::events::EventType;
use serde_json::{Value, json};

use super::all_transports::{AllTransports, is_logged, now, now_with, types};
use super::deadlines::soon;
use super::scene::{self, Scene};
use crate::harness::{EventStream, Listening, Server, WebSocket, assert_fields, assert_listed, time};

#[actix_web::test]
async fn a_connection_begins_with_who_listens_and_from_where() {
    let server = Server::start().await;
    let ann = server.user("ann").await;
    let listening = Listening::start(&server);
    let (_socket, hello) = WebSocket::open(&listening, &ann, "").await;
    let (_stream, same) = EventStream::open(&listening, &ann, "").await;
    assert_eq!(hello, same);
    let user = json!({"id": ann.id(), "username": "ann", "display_name": null});
    let expected = json!({
        "cursor": now(&ann).await,
        "type": "hello",
        "group_id": null,
        "actor_id": null,
        "at": null,
        "data": {"user": user, "version": "1.2.3", "heartbeat": 30},
    });
    assert_eq!(hello, expected);
    listening.stop().await;
}

// The scene compares the transports and the order at each step.
#[actix_web::test]
async fn every_type_of_event_is_told_alike_on_every_transport() {
    let scene = Scene::play().await;
    let logged = &scene.kept.logged;
    let told = types(logged).into_iter().map(str::to_owned).collect();
    let all = EventType::ALL.iter().filter(|event| !event.is_hidden()).map(|event| event.as_str().to_owned());
    assert_listed(scene::FILE, &told, &all.collect());
    logged.iter().for_each(assert_shape);
    assert_tells_nothing_that_differs(&scene);
    assert_tells_everybody_the_same(&scene);

    let gone = json!({"id": scene.grace.id()});
    for (event_type, by, data) in
        [("member.removed", &scene.ada, &gone), ("user.deleted", &scene.root, &gone)]
    {
        let event = told_last(&scene, event_type);
        assert_eq!((&event["actor_id"], &event["data"]), (&json!(by.id()), data));
    }
    assert_eq!(told_last(&scene, "message.updated")["actor_id"], json!(scene.grace.id()));
}

fn told_last<'a>(scene: &'a Scene, event_type: &str) -> &'a Value {
    let found = scene.kept.logged.iter().rfind(|event| event["type"] == event_type);
    found.unwrap_or_else(|| panic!("the scene has no {event_type}"))
}

fn assert_shape(event: &Value) {
    assert_fields(event, &["cursor", "type", "group_id", "actor_id", "at", "data"]);
    time(&event["at"]);
    let event_type = event["type"].as_str().expect("a type");
    // The server tells of what is suspicious, due or removed for its age, and nobody who has voted.
    let by_nobody =
        ["security.refresh_reused", "reminder.due", "scheduled.failed", "poll.voted", "history.trimmed"];
    let has_actor = !by_nobody.contains(&event_type);
    assert!(event["cursor"].is_string() && event["actor_id"].is_i64() == has_actor, "{event}");
    let outside = ["user.", "roles.", "blocks.", "invitation.", "security.", "tokens."];
    let is_of_group = !outside.iter().any(|start| event_type.starts_with(start));
    assert_eq!(event["group_id"].is_i64(), is_of_group, "{event}");
}

/// What differs from one reader to the next is null.
fn assert_tells_nothing_that_differs(scene: &Scene) {
    let data = |event_type| &told_last(scene, event_type)["data"];
    let (user, group, message) = (data("user.updated"), data("group.created"), data("message.liked"));
    assert_eq!(
        json!([user["display_name"], user["email"], user["presence"]]),
        json!(["Grace Hopper", null, null])
    );
    assert_eq!(json!([group["my_role"], group["unread"], group["read_seq"]]), json!([null, null, null]));
    let text = "Hello, Ada! A bug.";
    assert_eq!(json!([message["likes"], message["liked"], message["text"]]), json!([1, null, text]));
    let tombstone = data("message.deleted");
    assert_eq!(json!([tombstone["text"], tombstone["likes"]]), json!([null, 0]));
}

/// What Grace heard of the log is byte for byte what Ada heard.
fn assert_tells_everybody_the_same(scene: &Scene) {
    let is_of_log = |frame: &&String| is_logged(&serde_json::from_str(frame).expect("JSON"));
    let heard: Vec<_> = scene.graces.heard.iter().filter(is_of_log).collect();
    assert!(heard.iter().all(|frame| scene.adas.socket.heard.contains(frame)), "{heard:?}");
    let begin = scene.kept.logged.iter().position(|event| event["type"] == "message.created");
    let end = scene.kept.logged.iter().position(|event| event["type"] == "member.removed");
    // From when she is there until she is removed.
    let between = end.zip(begin).map(|(end, begin)| &scene.kept.logged[begin..end]).expect("both are told");
    // What Ada keeps for herself is not told to her.
    let own = ["draft.", "bookmark.", "reminder.", "scheduled."];
    let is_own = |event: &&Value| {
        own.iter().any(|own| event["type"].as_str().is_some_and(|name| name.starts_with(own)))
    };
    let between = between.len() - between.iter().filter(is_own).count();
    assert!(heard.len() > between, "{heard:?}");
}

#[actix_web::test]
async fn what_was_missed_is_told_as_it_was_told_live() {
    let server = Server::start().await;
    let ann = server.user("ann").await;
    let listening = Listening::start(&server);
    let group = ann.new_group("Team").await;
    let before = now_with(&ann, 2).await;
    let mut live = AllTransports::open(&listening, &ann, None).await;
    for text in ["one", "two", "three"] {
        ann.say(&group, text).await;
    }
    let mut later = AllTransports::open(&listening, &ann, Some(&before)).await;
    for text in ["one", "two", "three"] {
        let event = live.next().await;
        assert_eq!(event["data"]["text"], text);
        assert_eq!(later.next().await, event);
    }
    ann.say(&group, "four").await;
    assert_eq!(later.next().await, live.next().await);
    listening.stop().await;
}

#[actix_web::test]
async fn a_cursor_of_one_transport_is_good_on_every_other() {
    let server = Server::start().await;
    let ann = server.user("ann").await;
    let listening = Listening::start(&server);
    let group = ann.new_group("Team").await;
    now_with(&ann, 2).await;
    let (mut socket, _) = WebSocket::open(&listening, &ann, "").await;
    for text in ["one", "two", "three", "four"] {
        ann.say(&group, text).await;
    }
    now_with(&ann, 6).await;
    let first = socket.next().await;
    let (mut stream, hello) = EventStream::open(&listening, &ann, &cursor_of(&first)).await;
    assert_eq!(hello["cursor"], first["cursor"]);
    let second = stream.next().await;
    let answer = ann.get(&format!("/api/events?{}", cursor_of(&second))).await.ok();
    let third = &answer["items"][0];
    let (mut again, _) = WebSocket::open(&listening, &ann, &cursor_of(third)).await;
    let fourth = again.next().await;
    let texts = [&first, &second, third, &fourth].map(|event| event["data"]["text"].clone());
    assert_eq!(texts, ["one", "two", "three", "four"]);
    assert_eq!(answer["cursor"], fourth["cursor"]);
    listening.stop().await;
}

fn cursor_of(event: &Value) -> String {
    format!("cursor={}", event["cursor"].as_str().expect("a cursor"))
}

#[actix_web::test]
async fn signs_of_life_carry_a_newer_cursor_although_there_was_nothing_to_see() {
    let server = Server::start().await;
    let (ann, bob) = (server.user("ann").await, server.user("bob").await);
    let group = bob.new_group("Bob's own").await;
    now_with(&ann, 2).await;
    let options = ServerOptions { heartbeat: Duration::from_millis(500), ..ServerOptions::default() };
    let listening = Listening::start(&server.with_options(options).await);
    let (mut socket, hello) = WebSocket::open(&listening, &ann, "").await;
    let (mut stream, _) = EventStream::open(&listening, &ann, "").await;
    bob.say(&group, "to myself").await;
    let newest = now_with(&ann, 3).await;
    assert_ne!(hello["cursor"], newest);
    soon(async { while socket.wait_for("heartbeat").await["cursor"] != newest {} }).await;
    soon(async { while stream.any().await.unwrap()["cursor"] != newest {} }).await;
    let path = format!("/api/events?{}", cursor_of(&hello));
    assert_eq!(ann.get(&path).await.ok(), json!({"items": [], "cursor": newest}));
    listening.stop().await;
}

#[actix_web::test]
async fn asking_for_the_head_of_a_stream_ends() {
    let server = Server::start().await;
    let ann = server.user("ann").await;
    let listening = Listening::start(&server);
    let request = format!(
        "HEAD /api/events/stream HTTP/1.1\r\nHost: x\r\nX-API-Key: {}\r\nConnection: close\r\n\r\n",
        ann.key()
    );
    let answers = listening.exchange(request).await;
    assert_eq!((answers.len(), answers[0].status), (1, 200), "{answers:?}");
    assert_eq!(answers[0].header("content-type"), Some("text/event-stream; charset=utf-8"));
    assert_eq!(answers[0].body, b"");
    listening.stop().await;
}

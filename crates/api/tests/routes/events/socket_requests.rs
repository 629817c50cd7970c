//! What a client asks on its socket is what it may ask over REST, with the same answers.

use serde_json::{Value, json};

use super::all_transports::now_with;
use super::scripted::{Scripted, Step};
use crate::harness::{Client, Listening, Server, WebSocket, id_in};

struct Scene {
    server: Server,
    listening: Listening,
    ann: Client,
    group: String,
    id: i64,
    socket: WebSocket,
}

/// Ann, connected, in a group of her own.
async fn scene() -> Scene {
    let server = Server::start().await;
    let ann = server.user("ann").await;
    let listening = Listening::start(&server);
    let group = ann.new_group("Team").await;
    now_with(&ann, 2).await;
    let id = id_in(&group);
    let (socket, _) = WebSocket::open(&listening, &ann, "").await;
    Scene { server, listening, ann, group, id, socket }
}

#[actix_web::test]
async fn a_message_is_sent_and_acknowledged() {
    let Scene { listening, ann, group, id, mut socket, .. } = scene().await;
    let request = json!({"type": "send", "group_id": id, "text": "hi", "client_id": "x1"});
    let reply = socket.ask(request).await;
    assert_eq!(reply["type"], "reply");
    let path = format!("{group}/messages/{}", reply["data"]["id"]);
    assert_eq!(ann.get(&path).await.ok(), reply["data"]);
    let event = socket.next().await;
    assert_eq!(json!([event["type"], event["data"]["id"]]), json!(["message.created", reply["data"]["id"]]));
    // Sent again, as after a lost answer: it is there once.
    let again = json!({"type": "send", "group_id": id, "text": "anew", "client_id": "x1"});
    let replayed = socket.ask(again).await;
    assert_eq!(json!([reply["replayed"], replayed["replayed"]]), json!([false, true]));
    assert_eq!(replayed["data"], reply["data"]);
    ann.say(&group, "next").await;
    assert_eq!(socket.next().await["data"]["text"], "next");
    listening.stop().await;
}

#[actix_web::test]
async fn the_read_cursor_is_moved_and_all_devices_are_told() {
    let Scene { listening, server, ann, group, id, mut socket } = scene().await;
    let bob = server.user("bob").await;
    bob.post_empty(&format!("{group}/join")).await.created();
    bob.say(&group, "one").await;
    bob.say(&group, "two").await;
    let elsewhere = server.sign_in_again("ann").await;
    let (mut other_device, hello) = WebSocket::open(&listening, &elsewhere, "").await;
    let (mut bobs, _) = WebSocket::open(&listening, &bob, "").await;

    let reply = socket.ask(json!({"type": "read", "group_id": id, "seq": 1})).await;
    let state = json!({"read_seq": 1, "unread": 1, "read_version": 1, "unread_mentions": 0});
    assert_eq!(json!([reply["type"], reply["data"]]), json!(["reply", state]));
    let told = other_device.next().await;
    let expected = json!({
        "cursor": null, "type": "read.updated", "group_id": id, "actor_id": null, "at": null,
        "data": {"thread_id": null, "read_seq": 1, "unread": 1, "read_version": 1, "unread_mentions": 0},
    });
    assert_eq!(told, expected);
    // So is the one that asked: it may be one of several connections of a device.
    assert_eq!(socket.wait_for("read.updated").await, expected);
    // Who was not connected learns it on coming back.
    let cursor = format!("cursor={}", hello["cursor"].as_str().unwrap());
    let (mut later, _) = WebSocket::open(&listening, &elsewhere, &cursor).await;
    assert_eq!(later.next().await, expected);
    // Over REST the same, for the socket that asked before.
    elsewhere.put(&format!("{group}/read"), json!({"seq": 2})).await.ok();
    assert_eq!(
        socket.wait_for("read.updated").await["data"],
        json!({"thread_id": null, "read_seq": 2, "unread": 0, "read_version": 1, "unread_mentions": 0})
    );
    // Back again.
    let unread = json!({"type": "read", "group_id": id, "seq": 2, "unread": true});
    let state = json!({"read_seq": 1, "unread": 1, "read_version": 2, "unread_mentions": 0});
    assert_eq!(socket.ask(unread).await["data"], state);
    let told =
        json!({"thread_id": null, "read_seq": 1, "unread": 1, "read_version": 2, "unread_mentions": 0});
    assert_eq!(socket.wait_for("read.updated").await["data"], told);
    let (mut later, _) = WebSocket::open(&listening, &elsewhere, &cursor).await;
    assert_eq!(later.wait_for("read.updated").await["data"], told);
    // Nobody else is told.
    ann.say(&group, "three").await;
    assert_eq!(bobs.next().await["type"], "message.created");
    listening.stop().await;
}

/// A client loads what it shows after the `hello`, so whatever changes from then on must arrive as an event.
#[actix_web::test]
async fn a_cursor_that_moves_between_the_hello_and_the_end_of_the_backlog_is_told() {
    let server = Server::start().await;
    let (ann, bob) = (server.user("ann").await, server.user("bob").await);
    let group = ann.new_group("Team").await;
    ann.say(&group, "one").await;
    bob.post_empty(&format!("{group}/join")).await.created();
    ann.say(&group, "two").await;
    let (storage, server, device) = Scripted::serve(&server, &bob).await;
    let listening = Listening::start(&server);
    // The first command opens the subscription, the second one reads the backlog.
    storage.then([Step::Run, Step::Hold]);
    let (mut socket, _) = WebSocket::open(&listening, &device, "").await;
    bob.put(&format!("{group}/read"), json!({"seq": 2})).await.ok();
    storage.go_on();
    assert_eq!(
        socket.wait_for("read.updated").await["data"],
        json!({"thread_id": null, "read_seq": 2, "unread": 0, "read_version": 1, "unread_mentions": 0})
    );
    listening.stop().await;
}

#[actix_web::test]
async fn an_answer_carries_the_id_of_its_request() {
    let Scene { listening, mut socket, .. } = scene().await;
    for id in [json!(1), json!(-2.5), json!("a"), json!("x".repeat(64)), Value::Null] {
        socket.send(&json!({"id": id, "type": "ping"}).to_string()).await;
        assert_eq!(socket.next().await, json!({"id": id, "type": "reply", "data": {}}));
    }
    socket.send(r#"{"type": "ping"}"#).await;
    assert_eq!(socket.next().await["id"], Value::Null);
    // Whatever else is wrong, it says which request it is about.
    for wrong in [r#""type": 7"#, r#""type": "send", "group_id": "x""#, r#""x": 1"#] {
        socket.send(&format!(r#"{{"id": 8, {wrong}}}"#)).await;
        let refused = socket.next().await;
        assert_eq!(json!([refused["id"], refused["error"]["code"]]), json!([8, "validation_failed"]));
    }
    for id in [json!(true), json!([1]), json!({}), json!("x".repeat(65))] {
        socket.send(&json!({"id": id, "type": "ping"}).to_string()).await;
        let refused = socket.next().await;
        assert_eq!(json!([refused["id"], refused["error"]["errors"][0]["field"]]), json!([null, "id"]));
    }
    listening.stop().await;
}

#[actix_web::test]
async fn what_has_an_id_that_is_none_is_not_done() {
    let Scene { listening, ann, group, id, mut socket, .. } = scene().await;
    let (open, close) = ("[".repeat(130), "]".repeat(130));
    let ids = ["1e999", "-1e999", &format!("{open}{close}"), "1, \"id\": 2", "true"];
    for wrong in ids {
        let request = format!(r#"{{"type": "send", "group_id": {id}, "text": "hi", "id": {wrong}}}"#);
        socket.send(&request).await;
        let refused = socket.next().await;
        let named = json!([refused["id"], refused["error"]["errors"][0]["field"]]);
        assert_eq!(named, json!([null, "id"]), "{wrong}");
    }
    assert_eq!(ann.get(&group).await.ok()["last_seq"], 0);
    listening.stop().await;
}

#[actix_web::test]
async fn what_is_no_object_is_no_request() {
    let Scene { listening, mut socket, .. } = scene().await;
    for frame in ["[1]", r#"[1, "ping"]"#, "1", "null", r#""ping""#, "", r#"{"id": 1, "type": "ping""#] {
        socket.send(frame).await;
        let refused = socket.next().await;
        let told = json!([refused["type"], refused["id"], refused["error"]["code"]]);
        assert_eq!(told, json!(["error", null, "malformed_json"]), "{frame}");
    }
    listening.stop().await;
}

#[actix_web::test]
async fn replies_polls_and_reactions_are_those_of_the_rest_routes() {
    let Scene { listening, server, ann, group, id, mut socket } = scene().await;
    let bob = server.user("bob").await;
    bob.post_empty(&format!("{group}/join")).await.created();
    let root = ann.say_at(&group, "root").await;
    let root_id = id_in(&root);
    for field in [json!({"thread_id": root_id}), json!({"poll": {"options": ["yes", "no"]}})] {
        let mut request = json!({"type": "send", "group_id": id, "text": "hi"});
        request.as_object_mut().unwrap().extend(field.as_object().unwrap().clone());
        let sent = socket.ask(request).await["data"].take();
        assert_eq!(ann.get(&format!("{group}/messages/{}", sent["id"])).await.ok(), sent);
        let name = field.as_object().unwrap().keys().next().unwrap();
        assert!(!sent[name].is_null(), "{sent}");
    }
    bob.reply_to(&root, "well").await;
    let read = json!({"type": "read", "group_id": id, "thread_id": root_id, "seq": 2});
    assert_eq!(socket.ask(read).await["data"]["read_seq"], 2);
    let thread = ann.get(&root).await.ok()["thread"].clone();
    assert_eq!(json!([thread["read_seq"], thread["unread"]]), json!([2, 0]));

    let path = format!("{root}/reactions/%F0%9F%8E%89");
    bob.put_empty(&path).await.ok();
    let mut react = json!({"type": "react", "group_id": id, "message_id": root_id, "emoji": "🎉"});
    let reacted = socket.ask(react.clone()).await["data"].take();
    assert_eq!(
        json!([reacted["reactions"][0]["count"], reacted["reactions"][0]["reacted"]]),
        json!([2, true])
    );
    assert_eq!(ann.put_empty(&path).await.ok(), reacted);
    react["remove"] = true.into();
    let removed = socket.ask(react).await["data"].take();
    assert_eq!(
        json!([removed["reactions"][0]["count"], removed["reactions"][0]["reacted"]]),
        json!([1, false])
    );
    assert_eq!(ann.delete(&path).await.ok(), removed);
    listening.stop().await;
}

#[actix_web::test]
async fn refusals_are_those_of_the_rest_routes() {
    let Scene { listening, server, ann, id, mut socket, group, .. } = scene().await;
    let bob = server.user("bob").await;
    let others = bob.new_group("Bob's").await;
    let hidden = id_in(&bob.say_at(&others, "hidden").await);
    let others = id_in(&others);
    let said = id_in(&ann.say_at(&group, "said").await);
    for (group, verb, body) in [
        (others, "send", json!({"text": "hi"})),
        (9_999, "send", json!({"text": "hi"})),
        (0, "send", json!({"text": "hi"})),
        (1 << 53, "send", json!({"text": "hi"})),
        (1 << 53, "read", json!({"seq": 0})),
        (id, "read", json!({"seq": 1_i64 << 53})),
        (id, "send", json!({"text": " "})),
        (id, "send", json!({"text": 7})),
        (id, "send", json!({"text": "hi", "poll": {}})),
        (id, "send", json!({})),
        (others, "read", json!({"seq": 0})),
        (id, "read", json!({"seq": 7})),
        (id, "read", json!({"seq": "x"})),
        (id, "send", json!({"text": "hi", "thread_id": hidden})),
        (id, "send", json!({"text": "hi", "reply_to": hidden})),
        (id, "read", json!({"seq": 1, "thread_id": hidden})),
        (id, "read", json!({"seq": 1, "thread_id": said})),
        (others, "react", json!({"message_id": hidden, "emoji": "🎉"})),
        (others, "react", json!({"message_id": hidden, "emoji": "🎉", "remove": true})),
        (id, "react", json!({"message_id": hidden, "emoji": "🎉"})),
        (9_999, "react", json!({"message_id": said, "emoji": "🎉"})),
    ] {
        let messages = format!("/api/groups/{group}/messages");
        let rest = match (verb, &body["thread_id"]) {
            ("send", _) => ann.post(&messages, body.clone()).await,
            ("read", Value::Null) => ann.put(&format!("/api/groups/{group}/read"), body.clone()).await,
            ("read", root) => ann.put(&format!("{messages}/{root}/read"), body.clone()).await,
            (_, _) => {
                let path = format!("{messages}/{}/reactions/%F0%9F%8E%89", body["message_id"]);
                if body["remove"] == true { ann.delete(&path).await } else { ann.put_empty(&path).await }
            }
        };
        let mut request = body;
        request["type"] = verb.into();
        request["group_id"] = group.into();
        let reply = socket.ask(request).await;
        assert_eq!(json!([reply["type"], reply["error"]]), json!(["error", rest.json()]));
    }
    listening.stop().await;
}

#[actix_web::test]
async fn what_a_request_lacks_is_named() {
    let Scene { listening, id, mut socket, .. } = scene().await;
    for (request, field) in [
        (json!({}), "type"),
        (json!({"type": "shout"}), "type"),
        (json!({"type": 7}), "type"),
        (json!({"type": "send", "text": "hi"}), "group_id"),
        (json!({"type": "send", "text": "hi", "group_id": "7"}), "group_id"),
        (json!({"type": "read", "group_id": id}), "seq"),
        (json!({"type": "typing"}), "group_id"),
        (json!({"type": "typing", "group_id": id, "active": 1}), "active"),
        (json!({"type": "presence"}), "state"),
        (json!({"type": "presence", "state": "asleep"}), "state"),
    ] {
        socket.send(&request.to_string()).await;
        let error = socket.next().await["error"].take();
        let named = json!([error["code"], error["errors"][0]["field"]]);
        assert_eq!(named, json!(["validation_failed", field]), "{request}");
    }
    listening.stop().await;
}

//! Marking messages as unread, and everything as read.

use serde_json::{Value, json};

use crate::events::all_transports::now;
use crate::harness::{Client, Listening, Server, WebSocket, id_in};

/// A group with messages of its owner, up to this number, and a member who was there before.
async fn room(server: &Server, count: usize) -> (Client, Client, String) {
    let (ann, bob) = (server.user("ann").await, server.user("bob").await);
    let group = ann.new_group("Team").await;
    ann.add(&group, &bob, "member").await;
    for number in 1..=count {
        ann.say(&group, &format!("message {number}")).await;
    }
    (ann, bob, group)
}

fn state(read_seq: i64, unread: i64, version: i64) -> Value {
    json!({"read_seq": read_seq, "unread": unread, "read_version": version, "unread_mentions": 0})
}

/// How far somebody has read, as the group says.
async fn standing(client: &Client, group: &str) -> Value {
    let shown = client.get(group).await.ok();
    let of = |field: &str| shown[field].clone();
    json!({"read_seq": of("read_seq"), "unread": of("unread"), "read_version": of("read_version"), "unread_mentions": of("unread_mentions")})
}

#[actix_web::test]
async fn messages_are_unread_again_from_the_one_that_is_marked() {
    let server = Server::start().await;
    let (ann, bob, group) = room(&server, 5).await;
    let path = format!("{group}/read");
    for (body, expected) in [
        (json!({"seq": 5}), state(5, 0, 1)),
        (json!({"seq": 3, "unread": true}), state(2, 3, 2)),
        // Repeating it changes nothing.
        (json!({"seq": 3, "unread": true}), state(2, 3, 2)),
        (json!({"seq": 4, "unread": false}), state(4, 1, 2)),
        // The cursor goes there, wherever it was.
        (json!({"seq": 1, "unread": true}), state(0, 5, 3)),
        (json!({"seq": 5, "unread": true}), state(4, 1, 4)),
    ] {
        assert_eq!(bob.put(&path, body.clone()).await.ok(), expected, "{body}");
        assert_eq!(standing(&bob, &group).await, expected, "{body}");
    }
    for seq in [0, 6] {
        bob.put(&path, json!({"seq": seq, "unread": true})).await.invalid(&[("seq", "out_of_range")]);
    }
    bob.put(&path, json!({"seq": 1, "unread": "yes"})).await.invalid(&[("unread", "invalid_type")]);
    // One's own message moves on from there, and others' cursors stay.
    assert_eq!(standing(&ann, &group).await, state(5, 0, 1));
    bob.say(&group, "six").await;
    assert_eq!(standing(&bob, &group).await, state(6, 0, 4));
}

#[actix_web::test]
async fn what_a_member_can_t_read_can_t_be_unread() {
    let server = Server::start().await;
    let (ann, _, group) = room(&server, 3).await;
    ann.patch(&group, json!({"history": "joined"})).await.ok();
    let cid = server.user("cid").await;
    ann.add(&group, &cid, "member").await;
    ann.say(&group, "four").await;
    let path = format!("{group}/read");
    cid.put(&path, json!({"seq": 3, "unread": true})).await.invalid(&[("seq", "out_of_range")]);
    assert_eq!(cid.put(&path, json!({"seq": 4, "unread": true})).await.ok(), state(3, 1, 1));
}

#[actix_web::test]
async fn replies_are_unread_again() {
    let server = Server::start().await;
    let (ann, bob, group) = room(&server, 0).await;
    let root = ann.say_at(&group, "what do you think?").await;
    for text in ["one", "two", "three"] {
        bob.reply_to(&root, text).await;
    }
    let path = format!("{root}/read");
    ann.put(&path, json!({"seq": 3})).await.ok();
    assert_eq!(ann.put(&path, json!({"seq": 2, "unread": true})).await.ok(), state(1, 2, 2));
    let thread = ann.get(&root).await.ok()["thread"].clone();
    assert_eq!(json!([thread["read_seq"], thread["unread"], thread["read_version"]]), json!([1, 2, 2]));
    assert_eq!(ann.list("/api/threads?unread=true", "/id").await, [json!(id_in(&root))]);
    for seq in [0, 4] {
        ann.put(&path, json!({"seq": seq, "unread": true})).await.invalid(&[("seq", "out_of_range")]);
    }
}

#[actix_web::test]
async fn everything_is_read_at_once_and_own_devices_are_told_in_one_event() {
    let server = Server::start().await;
    let (ann, bob, group) = room(&server, 2).await;
    let other = ann.new_group("Other").await;
    ann.add(&other, &bob, "member").await;
    let root = bob.say_at(&other, "mine").await;
    ann.reply_to(&root, "a reply").await;
    let direct = ann.post("/api/direct", json!({"user_ids": [bob.id()]})).await.created();
    let direct = format!("/api/groups/{}", direct["id"]);
    ann.say(&direct, "psst").await;
    bob.put(&format!("{group}/read"), json!({"seq": 2})).await.ok();
    bob.put(&format!("{group}/read"), json!({"seq": 1, "unread": true})).await.ok();
    let left = ann.new_group("Left").await;
    ann.add(&left, &bob, "member").await;
    ann.say(&left, "unread").await;
    bob.delete(&format!("{left}/members/me")).await.no_content();
    let cursor = now(&bob).await;
    let listening = Listening::start(&server);
    let (mut socket, _) = WebSocket::open(&listening, &bob, "").await;

    bob.post_empty("/api/read-all").await.no_content();
    let place = |group: &str, thread: Value, read_seq: i64, version: i64| json!({"group_id": id_in(group), "thread_id": thread, "read_seq": read_seq, "unread": 0, "read_version": version, "unread_mentions": 0});
    let of_groups = socket.wait_for("read.all").await;
    assert_eq!(json!([of_groups["cursor"], of_groups["group_id"]]), json!([null, null]));
    let mut items = of_groups["data"]["items"].as_array().cloned().unwrap();
    items.sort_by_key(|item| item["group_id"].as_i64());
    assert_eq!(items, [place(&group, json!(null), 2, 2), place(&direct, json!(null), 1, 1)]);
    let of_threads = socket.wait_for("read.all").await;
    assert_eq!(of_threads["data"]["items"], json!([place(&other, json!(id_in(&root)), 1, 1)]));
    for shown in [&group, &other, &direct] {
        assert_eq!(bob.get(shown).await.ok()["unread"], 0, "{shown}");
    }
    assert_eq!(bob.list("/api/threads?unread=true", "/id").await, [0; 0]);
    // Whoever comes back is told of each.
    let (mut later, _) = WebSocket::open(&listening, &bob, &format!("cursor={cursor}")).await;
    for _ in 0..3 {
        assert_eq!(later.wait_for("read.updated").await["data"]["unread"], 0);
    }
    // Then there is nothing left to tell.
    bob.post_empty("/api/read-all").await.no_content();
    ann.say(&group, "next").await;
    let next = socket.next().await;
    assert_eq!((&next["type"], &next["data"]["text"]), (&json!("message.created"), &json!("next")));
    listening.stop().await;
}

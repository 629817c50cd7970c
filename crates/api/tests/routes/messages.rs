//! Messages: sending, showing, editing and deleting them.

mod across;
mod edits;
mod format;
mod forward;
mod likes;
mod mentions;
mod pins;
mod quotes;
mod reactions;
mod reading;
mod receipts;
mod threads;
mod unread;

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::harness::{Client, Server, time};

/// A group of two, and the path of its messages.
async fn pair(server: &Server) -> (Client, Client, String, String) {
    let (ann, bob) = (server.user("ann").await, server.user("bob").await);
    let group = ann.new_group("Team").await;
    ann.add(&group, &bob, "member").await;
    let messages = format!("{group}/messages");
    (ann, bob, group, messages)
}

#[actix_web::test]
async fn a_sent_message_is_shown_whole() {
    let server = Server::start().await;
    let (ann, bob, group, messages) = pair(&server).await;
    ann.patch("/api/users/me", json!({"display_name": "Ann", "email": "ann@x.y"})).await.ok();
    let draft = json!({"text": "Hello\r\nthere", "client_id": "a-1", "unknown": {"x": [1]}});
    let answer = ann.post(&messages, draft).await;
    let location = answer.header("location").unwrap().to_owned();
    let message = answer.created();
    let group_id: i64 = group.rsplit('/').next().unwrap().parse().unwrap();
    let expected = json!({
        "id": message["id"], "group_id": group_id, "seq": 1,
        "author": {"id": ann.id(), "username": "ann", "display_name": "Ann"}, "text": "Hello\nthere", "html": null,
        "client_id": "a-1", "version": 1, "created_at": time(&message["created_at"]), "edited_at": null,
        "deleted_at": null, "likes": 0, "liked": false, "reactions": [], "pinned_at": null, "pinned_by": null,
        "thread_id": null, "imported": false, "thread": null, "reply_to": null, "forwarded": false, "forwarded_from": null,
        "mentions": null, "poll": null,
    });
    assert_eq!(message, expected);
    assert_eq!(location, format!("{messages}/{}", message["id"]));
    assert_eq!(bob.get(&location).await.ok(), expected);
    assert_eq!(bob.get(&messages).await.ok(), json!({"items": [expected], "next": null}));
    assert_eq!(ann.say(&group, "no client id").await["client_id"], Value::Null);
}

#[actix_web::test]
async fn every_rule_of_a_message_is_told_with_its_field() {
    let server = Server::start().await;
    let (ann, _, group, messages) = pair(&server).await;
    let path = ann.say_at(&group, "first").await;
    let texts = [
        (json!(""), "required"),
        (json!(" \n\t "), "required"),
        (json!("x".repeat(10_001)), "too_long"),
        (json!("a\0b"), "invalid_characters"),
        (json!("bell\u{7}"), "invalid_characters"),
        (json!({"a": 1}), "invalid_type"),
    ];
    for (text, code) in texts {
        ann.post(&messages, json!({"text": text})).await.invalid(&[("text", code)]);
        ann.patch(&path, json!({"text": text})).await.invalid(&[("text", code)]);
        ann.put(&path, json!({"text": text})).await.invalid(&[("text", code)]);
    }
    ann.post(&messages, json!({})).await.invalid(&[("text", "required")]);
    ann.post(&messages, json!({"text": null})).await.invalid(&[("text", "required")]);
    let client_ids = [
        (json!(""), "required"),
        (json!("x".repeat(65)), "too_long"),
        (json!("ä"), "invalid_characters"),
        (json!("a\nb"), "invalid_characters"),
        (json!("a\0b"), "invalid_characters"),
        (json!(1), "invalid_type"),
    ];
    for (client_id, code) in client_ids {
        let draft = json!({"text": "hi", "client_id": client_id});
        ann.post(&messages, draft).await.invalid(&[("client_id", code)]);
    }
    assert_eq!(ann.get(&group).await.ok()["last_seq"], 1, "what is refused takes no number");
}

#[actix_web::test]
async fn what_a_request_does_not_set_is_refused() {
    let server = Server::start().await;
    let (ann, _, group, messages) = pair(&server).await;
    let path = ann.say_at(&group, "first").await;
    let elsewhere = ["author_id", "created_at", "reactions", "thread", "mentions", "pinned"];
    let fields = elsewhere.map(|field| (field, "not_editable")).into_iter();
    for (field, code) in fields.chain([("files", "not_supported")]) {
        let given = json!({"text": "hi", field: [1]});
        ann.post(&messages, given.clone()).await.refused(400, code);
        ann.patch(&path, given.clone()).await.refused(400, code);
        ann.put(&path, given).await.invalid(&[(field, code)]);
        ann.post(&messages, json!({"text": "hi", field: null})).await.created();
    }
    for field in ["thread_id", "reply_to", "client_id", "poll"] {
        ann.patch(&path, json!({"text": "hi", field: 1})).await.refused(400, "not_editable");
    }
}

#[actix_web::test]
async fn texts_at_their_limits_are_taken_normalised() {
    let server = Server::start().await;
    let (ann, _, group, messages) = pair(&server).await;
    for text in ["x".repeat(10_000), "🎈".repeat(10_000), "e\u{301}".repeat(10_000)] {
        let message = ann.say(&group, &text).await;
        assert_eq!(message["text"].as_str().unwrap().chars().count(), 10_000);
    }
    let family = "👩‍👩‍👧‍👦 z\u{335}\u{336}\u{33d} \u{202e}rtl";
    assert_eq!(ann.say(&group, family).await["text"], family);
    let draft = json!({"text": "hi", "client_id": "~".repeat(64)});
    ann.post(&messages, draft).await.created();
}

#[actix_web::test]
async fn a_repeated_client_id_gives_the_first_message_as_it_is_now() {
    let server = Server::start().await;
    let (ann, bob, group, messages) = pair(&server).await;
    let draft = |text: &str| json!({"text": text, "client_id": "once"});
    let first = ann.post(&messages, draft("first")).await;
    assert_eq!(first.header("idempotent-replayed"), None);
    let first = first.created();
    let again = ann.post(&messages, draft("second")).await;
    assert_eq!(again.header("location"), None);
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    assert_eq!(again.ok(), first);
    let path = format!("{messages}/{}", first["id"]);
    let edited = ann.patch(&path, json!({"text": "edited"})).await.ok();
    assert_eq!(ann.post(&messages, draft("third")).await.ok(), edited);
    bob.put_empty(&format!("{path}/like")).await.ok();
    assert_eq!(ann.post(&messages, draft("fourth")).await.ok()["likes"], 1);
    ann.delete(&path).await.no_content();
    assert_eq!(ann.post(&messages, draft("fifth")).await.ok(), ann.get(&path).await.ok());
    // Another author's, and another group's.
    assert_eq!(bob.post(&messages, draft("mine")).await.created()["seq"], 2);
    let other = ann.new_group("Other").await;
    ann.post(&format!("{other}/messages"), draft("there")).await.created();
    assert_eq!(ann.get(&group).await.ok()["last_seq"], 2, "a repeat takes no number");
    // The text is checked before anybody looks whether it is a repeat.
    ann.post(&messages, draft("")).await.invalid(&[("text", "required")]);
}

#[actix_web::test]
async fn a_client_id_sent_many_times_at_once_makes_one_message() {
    let server = Server::start().await;
    let (ann, _, group, messages) = pair(&server).await;
    let sends = (0..20).map(|number| {
        let draft = json!({"text": format!("try {number}"), "client_id": "once"});
        let (ann, messages) = (&ann, &messages);
        async move { ann.post(messages, draft).await }
    });
    let answers = join_all(sends).await;
    let stored = answers.iter().filter(|answer| answer.status() == 201).count();
    assert_eq!(stored, 1);
    let message = answers[0].json();
    assert!(answers.iter().all(|answer| answer.json() == message));
    assert_eq!(ann.get(&group).await.ok()["last_seq"], 1);
}

#[actix_web::test]
async fn only_members_read_and_send() {
    let server = Server::start().await;
    let (ann, _, group, messages) = pair(&server).await;
    let path = ann.say_at(&group, "secret").await;
    for client in [server.user("eve").await, server.admin("root").await] {
        client.get(&messages).await.refused(403, "members_only");
        client.get(&path).await.refused(403, "members_only");
        client.post(&messages, json!({"text": "hi"})).await.refused(403, "members_only");
        client.patch(&path, json!({"text": "hi"})).await.refused(403, "members_only");
        client.delete(&path).await.refused(403, "members_only");
        client.put_empty(&format!("{path}/like")).await.refused(403, "members_only");
        client.delete(&format!("{path}/like")).await.refused(403, "members_only");
        client.put(&format!("{group}/read"), json!({"seq": 0})).await.refused(403, "members_only");
        assert!(!client.get(&group).await.text().contains("secret"));
    }
}

#[actix_web::test]
async fn an_edit_keeps_or_sets_the_text() {
    let server = Server::start().await;
    let (ann, _, group, _) = pair(&server).await;
    let path = ann.say_at(&group, "first").await;
    let first = ann.get(&path).await.ok();
    assert_eq!(ann.patch(&path, json!({})).await.ok(), first);
    assert_eq!(ann.put(&path, json!({"text": "first", "seq": 9})).await.ok(), first, "nothing changes");
    let edited = ann.patch(&path, json!({"text": "second"})).await.ok();
    let mut expected = first.clone();
    (expected["text"], expected["version"]) = (json!("second"), json!(2));
    expected["edited_at"] = time(&edited["edited_at"]);
    assert_eq!(edited, expected);
    assert_eq!(ann.put(&path, json!({"text": "third"})).await.ok()["version"], 3);
    ann.patch(&path, json!({"text": null})).await.invalid(&[("text", "not_nullable")]);
    ann.put(&path, json!({"text": null})).await.invalid(&[("text", "not_nullable")]);
    assert_eq!(ann.get(&path).await.ok()["text"], "third");
}

#[actix_web::test]
async fn only_the_author_edits_and_admins_delete() {
    let server = Server::start().await;
    let (ann, bob, group, _) = pair(&server).await;
    let admin = server.user("admin").await;
    ann.add(&group, &admin, "admin").await;
    let path = bob.say_at(&group, "by bob").await;
    for client in [&ann, &admin] {
        client.patch(&path, json!({"text": "not mine"})).await.refused(403, "not_author");
        client.patch(&path, json!({})).await.refused(403, "not_author");
    }
    let of_ann = ann.say_at(&group, "by ann").await;
    bob.delete(&of_ann).await.refused(403, "role_too_low");
    admin.delete(&of_ann).await.no_content();
    ann.delete(&path).await.no_content();
    let own = bob.say_at(&group, "mine").await;
    bob.delete(&own).await.no_content();
}

#[actix_web::test]
async fn of_a_deleted_message_a_tombstone_is_left() {
    let server = Server::start().await;
    let (ann, bob, group, messages) = pair(&server).await;
    let first = ann.post(&messages, json!({"text": "oops", "client_id": "c"})).await.created();
    let path = format!("{messages}/{}", first["id"]);
    bob.put_empty(&format!("{path}/like")).await.ok();
    ann.delete(&path).await.no_content();
    let tombstone = bob.get(&path).await.ok();
    let mut expected = first.clone();
    (expected["text"], expected["version"]) = (Value::Null, json!(3));
    expected["deleted_at"] = time(&tombstone["deleted_at"]);
    assert_eq!(tombstone, expected);
    assert_eq!(bob.get(&messages).await.ok()["items"], json!([expected]));
    assert_eq!(bob.get(&group).await.ok()["last_message"], expected);
    ann.patch(&path, json!({"text": "back"})).await.refused(409, "deleted");
    ann.put(&path, json!({})).await.refused(409, "deleted");
    bob.patch(&path, json!({"text": "back"})).await.refused(403, "not_author");
    bob.delete(&path).await.refused(403, "role_too_low");
    ann.delete(&path).await.no_content();
    server.work_off_jobs().await;
    assert_eq!(bob.get(&path).await.ok(), expected, "deleting again changes nothing");
    assert_eq!(ann.say(&group, "next").await["seq"], 2, "its number is not given out again");
}

#[actix_web::test]
async fn a_message_is_found_in_its_own_group_only() {
    let server = Server::start().await;
    let (ann, _, group, _) = pair(&server).await;
    let id = ann.say(&group, "here").await["id"].clone();
    let other = ann.new_group("Other").await;
    for path in [format!("{other}/messages/{id}"), format!("{group}/messages/999999")] {
        ann.get(&path).await.refused(404, "message_not_found");
        ann.patch(&path, json!({"text": "x"})).await.refused(404, "message_not_found");
        ann.delete(&path).await.refused(404, "message_not_found");
        ann.put_empty(&format!("{path}/like")).await.refused(404, "message_not_found");
        ann.delete(&format!("{path}/like")).await.refused(404, "message_not_found");
    }
}

#[actix_web::test]
async fn the_messages_of_a_deleted_user_stay_without_a_name() {
    let server = Server::start().await;
    let (ann, bob, group, messages) = pair(&server).await;
    let root = server.admin("root").await;
    let path = bob.say_at(&group, "I was here").await;
    root.delete(&format!("/api/users/{}", bob.id())).await.no_content();
    let nameless = json!({"id": bob.id(), "username": null, "display_name": null});
    for purged in [false, true] {
        if purged {
            server.work_off_jobs().await;
        }
        let message = ann.get(&path).await.ok();
        assert_eq!((&message["author"], &message["text"]), (&nameless, &json!("I was here")));
        assert_eq!(ann.list(&messages, "/author").await, std::slice::from_ref(&nameless));
        assert_eq!(ann.get(&group).await.ok()["last_message"]["author"], nameless);
    }
}

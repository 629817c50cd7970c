//! Drafts and bookmarks.

use serde_json::{Value, json};

use crate::events::all_transports::{AllTransports, now};
use crate::harness::{Client, Listening, Server, id_in};

/// Ann, who owns a group, Bob, who is in it, the group, and a message of Bob.
async fn two_members(server: &Server) -> (Client, Client, String, String) {
    let (ann, bob) = (server.user("ann").await, server.user("bob").await);
    let group = ann.new_group("Engines").await;
    ann.add(&group, &bob, "member").await;
    let message = bob.say_at(&group, "Hello, Ann").await;
    (ann, bob, group, message)
}

fn text(text: &str) -> Value {
    json!({"text": text})
}

fn bookmark(message: &str) -> String {
    format!("/api/messages/{}/bookmark", id_in(message))
}

#[actix_web::test]
async fn a_draft_is_there_on_all_devices_until_it_is_removed() {
    let server = Server::start().await;
    let (ann, bob, group, message) = two_members(&server).await;
    let phone = server.sign_in_again("ann").await;
    for (place, thread) in [(group.clone(), json!(null)), (message.clone(), json!(id_in(&message)))] {
        let draft = format!("{place}/draft");
        ann.get(&draft).await.refused(404, "draft_not_found");
        let kept = ann.put(&draft, text("I  think\n")).await.ok();
        assert_eq!(
            json!([kept["group_id"], kept["thread_id"], kept["text"]]),
            json!([id_in(&group), thread, "I  think\n"])
        );
        assert_eq!(phone.get(&draft).await.ok(), kept);
        bob.get(&draft).await.refused(404, "draft_not_found");
        phone.delete(&draft).await.no_content();
        phone.delete(&draft).await.no_content();
        ann.get(&draft).await.refused(404, "draft_not_found");
    }
    ann.put(&format!("{group}/draft"), text("")).await.invalid(&[("text", "required")]);
    ann.put(&format!("{group}/draft"), text(&"x".repeat(10_001))).await.invalid(&[("text", "too_long")]);
    ann.put(&format!("{group}/draft"), text(&"x".repeat(10_000))).await.ok();
}

#[actix_web::test]
async fn what_another_device_has_typed_is_not_overwritten_unseen() {
    let server = Server::start().await;
    let (ann, _, group, _) = two_members(&server).await;
    let draft = format!("{group}/draft");
    let first = ann.put(&draft, text("one")).await.ok()["version"].clone();
    let second = ann.put(&draft, json!({"text": "two", "if_version": first})).await.ok()["version"].clone();
    assert!(second.as_i64() > first.as_i64());
    let refused = ann.put(&draft, json!({"text": "three", "if_version": first})).await;
    assert_eq!(refused.refused(409, "version_conflict")["version"], second);
    let removal = ann.delete(&format!("{draft}?if_version={first}")).await;
    assert_eq!(removal.refused(409, "version_conflict")["version"], second);
    assert_eq!(ann.get(&draft).await.ok()["text"], "two");
    ann.delete(&format!("{draft}?if_version={second}")).await.no_content();
    let late = ann.put(&draft, json!({"text": "three", "if_version": second})).await;
    late.refused(404, "draft_not_found");
    // Another draft in its place is not taken for it.
    let third = ann.put(&draft, text("four")).await.ok()["version"].clone();
    assert!(third.as_i64() > second.as_i64());
}

#[actix_web::test]
async fn drafts_end_with_the_membership_and_are_counted() {
    let server = Server::start().await;
    let (ann, bob, group, message) = two_members(&server).await;
    for place in [&group, &message] {
        bob.put(&format!("{place}/draft"), text("mine")).await.ok();
    }
    bob.delete(&format!("{group}/members/me")).await.no_content();
    bob.get(&format!("{group}/draft")).await.refused(403, "members_only");
    ann.add(&group, &bob, "member").await;
    for place in [&group, &message] {
        bob.get(&format!("{place}/draft")).await.refused(404, "draft_not_found");
    }
    let reply = bob.reply_to(&message, "Me again").await;
    let in_reply = format!("{group}/messages/{}/draft", reply["id"]);
    bob.put(&in_reply, text("deeper")).await.refused(409, "not_a_root");
    bob.put(&format!("{group}/messages/99999/draft"), text("x")).await.refused(404, "message_not_found");
    for _ in 0..500 {
        let root = ann.say_at(&group, "Another").await;
        bob.put(&format!("{root}/draft"), text("draft")).await.ok();
    }
    bob.put(&format!("{group}/draft"), text("one more")).await.refused(409, "too_many_drafts");
    ann.put(&format!("{group}/draft"), text("mine")).await.ok();
}

#[actix_web::test]
async fn a_bookmark_shows_the_message_as_it_is_now() {
    let server = Server::start().await;
    let (ann, bob, group, message) = two_members(&server).await;
    let second = bob.say_at(&group, "Look, **Ann**").await;
    let made = ann.put(&bookmark(&message), json!({"note": "Ask Bob"})).await.ok();
    assert_eq!(json!([made["message"]["text"], made["note"]]), json!(["Hello, Ann", "Ask Bob"]));
    assert_eq!(ann.put_empty(&bookmark(&second)).await.ok()["note"], json!(null));
    // Its place stays.
    ann.put(&bookmark(&message), json!({"note": null})).await.ok();
    bob.patch(&message, text("Hello, dear Ann")).await.ok();
    bob.delete(&second).await.no_content();
    let listed = ann.get("/api/bookmarks").await.ok();
    assert_eq!(listed["items"].as_array().map(Vec::len), Some(2));
    let (newest, oldest) = (&listed["items"][0], &listed["items"][1]);
    assert_eq!(json!([newest["message"]["text"], newest["message"]["id"]]), json!([null, id_in(&second)]));
    assert_eq!(json!([oldest["message"]["text"], oldest["note"]]), json!(["Hello, dear Ann", null]));
    assert_eq!(oldest["created_at"], made["created_at"]);
    let html = ann.list("/api/bookmarks?format=html", "/message/html").await;
    assert_eq!(html, [json!(null), json!("<p>Hello, dear Ann</p>\n")]);
    assert_eq!(bob.list("/api/bookmarks", "").await, [json!(null); 0]);
    let pages = ann.walk("/api/bookmarks", "limit=1", "", "/message/id").await;
    assert_eq!(pages.concat(), [id_in(&second), id_in(&message)]);
    for _ in 0..2 {
        ann.delete(&bookmark(&second)).await.no_content();
    }
    assert_eq!(ann.list("/api/bookmarks", "/message/id").await, [id_in(&message)]);
    ann.put(&bookmark(&message), json!({"note": " "})).await.invalid(&[("note", "required")]);
    ann.put(&bookmark(&message), json!({"note": "x".repeat(501)})).await.invalid(&[("note", "too_long")]);
    ann.put_empty("/api/messages/99999/bookmark").await.refused(404, "message_not_found");
}

#[actix_web::test]
async fn what_cannot_be_read_any_more_is_not_listed_and_can_be_removed() {
    let server = Server::start().await;
    let (ann, bob, group, _) = two_members(&server).await;
    ann.patch(&group, json!({"history": "joined"})).await.ok();
    let message = ann.say_at(&group, "Before").await;
    bob.put(&bookmark(&message), json!({"note": "mine"})).await.ok();
    bob.delete(&format!("{group}/members/me")).await.no_content();
    assert_eq!(bob.list("/api/bookmarks", "").await, [json!(null); 0]);
    ann.add(&group, &bob, "member").await;
    // It is from before Bob came in again.
    assert_eq!(bob.list("/api/bookmarks", "").await, [json!(null); 0]);
    bob.put_empty(&bookmark(&message)).await.refused(404, "message_not_found");
    bob.delete(&bookmark(&message)).await.no_content();
    ann.patch(&group, json!({"history": "all"})).await.ok();
    assert_eq!(bob.list("/api/bookmarks", "").await, [json!(null); 0]);
}

#[actix_web::test]
async fn only_own_devices_are_told() {
    let server = Server::start().await;
    let (ann, bob, group, message) = two_members(&server).await;
    let listening = Listening::start(&server);
    let (at, mut anns) = (now(&ann).await, AllTransports::open(&listening, &ann, None).await);
    let mut bobs = AllTransports::open(&listening, &bob, None).await;
    let (thread, group_id) = (json!(id_in(&message)), json!(id_in(&group)));
    let mut told = Vec::new();
    for (step, event_type) in
        ["draft.updated", "bookmark.updated", "draft.updated", "bookmark.updated"].into_iter().enumerate()
    {
        match step {
            0 => drop(ann.put(&format!("{message}/draft"), text("I think")).await.ok()),
            1 => drop(ann.put(&bookmark(&message), json!({"note": "Ask Bob"})).await.ok()),
            2 => ann.delete(&format!("{message}/draft")).await.no_content(),
            _ => ann.delete(&bookmark(&message)).await.no_content(),
        }
        let event = anns.next_logged().await;
        assert_eq!(json!([event["type"], event["group_id"]]), json!([event_type, group_id]));
        told.push(event["data"].clone());
    }
    assert_eq!(json!([told[0]["thread_id"], told[0]["text"]]), json!([thread, "I think"]));
    assert_eq!(json!([told[1]["message_id"], told[1]["note"]]), json!([thread, "Ask Bob"]));
    assert_eq!(told[2], json!({"thread_id": thread, "text": null, "version": null, "updated_at": null}));
    assert_eq!(told[3], json!({"message_id": thread, "note": null, "created_at": null}));
    bob.say(&group, "Nobody told me").await;
    assert_eq!(bobs.next_logged().await["type"], "message.created");
    // A replay tells what is there now.
    let replayed = ann.get(&format!("/api/events?cursor={at}")).await.ok();
    assert_eq!(
        json!([replayed["items"][0]["data"], replayed["items"][1]["data"]]),
        json!([told[2], told[3]])
    );
    listening.stop().await;
}

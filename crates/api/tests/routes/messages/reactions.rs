//! Reactions.

use serde_json::{Value, json};

use crate::events::all_transports::now_with_message;
use crate::harness::{Client, Server, id_in};

/// A group of two with a message of the first, and the path of the reactions to it.
async fn posted(server: &Server) -> (Client, Client, String, String) {
    let (ann, bob) = (server.user("ann").await, server.user("bob").await);
    let group = ann.new_group("Team").await;
    ann.add(&group, &bob, "member").await;
    let message = ann.say_at(&group, "react to me").await;
    let reactions = format!("{message}/reactions");
    (ann, bob, message, reactions)
}

/// An emoji with each byte percent-encoded.
fn encoded(emoji: &str) -> String {
    emoji.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// The reactions of an answer: emoji, count, and whether the caller has given it.
fn shown(answer: &Value) -> Value {
    let reactions = answer["reactions"].as_array().expect("reactions");
    reactions.iter().map(|one| json!([one["emoji"], one["count"], one["reacted"]])).collect()
}

#[actix_web::test]
async fn reactions_are_counted_in_the_order_in_which_they_first_came() {
    let server = Server::start().await;
    let (ann, bob, message, reactions) = posted(&server).await;
    let at = |emoji| format!("{reactions}/{}", encoded(emoji));
    bob.put_empty(&at("🎉")).await.ok();
    ann.put_empty(&at("👩‍🚀")).await.ok();
    let answer = ann.put_empty(&at("🎉")).await.ok();
    assert_eq!(shown(&answer), json!([["🎉", 2, true], ["👩‍🚀", 1, true]]));
    assert_eq!(answer["version"], 4);
    assert_eq!(ann.put_empty(&at("🎉")).await.ok(), answer, "once however often it is given");
    for shown_to_bob in [bob.get(&message).await.ok(), bob.delete(&at("👩‍🚀")).await.ok()] {
        assert_eq!(shown(&shown_to_bob), json!([["🎉", 2, true], ["👩‍🚀", 1, false]]));
    }
    assert_eq!(bob.get(&message).await.ok()["edited_at"], json!(null), "a reaction is no edit");
    for _ in 0..2 {
        assert_eq!(shown(&ann.delete(&at("👩‍🚀")).await.ok()), json!([["🎉", 2, true]]));
    }
    let (messages, _) = message.rsplit_once('/').unwrap();
    let page = ann.get(messages).await.ok();
    assert_eq!(shown(&page["items"][0]), json!([["🎉", 2, true]]));
    let newest = ann.get("/api/groups").await.ok()["items"][0]["last_message"].clone();
    assert_eq!(newest, page["items"][0]);
}

#[actix_web::test]
async fn an_emoji_with_and_without_its_selector_is_counted_once() {
    let server = Server::start().await;
    let (ann, bob, message, reactions) = posted(&server).await;
    let forms = ["❤", "❤\u{FE0F}"].map(|emoji| format!("{reactions}/{}", encoded(emoji)));
    ann.put_empty(&forms[0]).await.ok();
    bob.put_empty(&forms[1]).await.ok();
    bob.put_empty(&forms[0]).await.ok();
    assert_eq!(shown(&ann.get(&message).await.ok()), json!([["❤️", 2, true]]));
    assert_eq!(shown(&ann.delete(&forms[1]).await.ok()), json!([["❤️", 1, false]]));
}

#[actix_web::test]
async fn a_like_is_a_thumb_up() {
    let server = Server::start().await;
    let (ann, bob, message, reactions) = posted(&server).await;
    let (like, thumb) = (format!("{message}/like"), format!("{reactions}/{}", encoded("👍")));
    assert_eq!(ann.put_empty(&like).await.ok(), json!({"likes": 1, "liked": true}));
    assert_eq!(shown(&bob.put_empty(&thumb).await.ok()), json!([["👍", 2, true]]));
    assert_eq!(bob.delete(&like).await.ok(), json!({"likes": 1, "liked": false}));
    bob.put_empty(&format!("{reactions}/{}", encoded("🎉"))).await.ok();
    let message = ann.get(&message).await.ok();
    assert_eq!(json!([message["likes"], message["liked"]]), json!([1, true]));
    assert_eq!(shown(&message), json!([["👍", 1, true], ["🎉", 1, false]]));
    assert_eq!(shown(&ann.delete(&thumb).await.ok()), json!([["🎉", 1, false]]));
    // Another skin tone is another reaction.
    ann.put_empty(&format!("{reactions}/{}", encoded("👍🏿"))).await.ok();
    assert_eq!(ann.put_empty(&like).await.ok(), json!({"likes": 1, "liked": true}));
}

#[actix_web::test]
async fn nothing_but_an_emoji_is_a_reaction() {
    let server = Server::start().await;
    let (ann, _, _, reactions) = posted(&server).await;
    let bad = ["a", "%23", "+1", ":tada:", "%25F0", "%F0%9F", "%FE0F", "%20", "%2F", "%00", "🎉🎉", "🎉%20"];
    for text in bad {
        let text = text.replace('🎉', &encoded("🎉"));
        let path = format!("{reactions}/{text}");
        ann.put_empty(&path).await.invalid(&[("emoji", "invalid_format")]);
        ann.delete(&path).await.invalid(&[("emoji", "invalid_format")]);
        ann.get(&path).await.invalid(&[("emoji", "invalid_format")]);
    }
}

#[actix_web::test]
async fn an_emoji_is_understood_however_a_client_encodes_it() {
    let server = Server::start().await;
    let (ann, _, message, reactions) = posted(&server).await;
    for path in [
        encoded("🎉"),
        encoded("🎉").to_lowercase(),
        encoded("#️⃣"),
        encoded("*️⃣"),
        "*%EF%B8%8F%E2%83%A3".to_owned(),
    ] {
        ann.put_empty(&format!("{reactions}/{path}")).await.ok();
    }
    let expected = json!([["🎉", 1, true], ["#️⃣", 1, true], ["*️⃣", 1, true]]);
    assert_eq!(shown(&ann.get(&message).await.ok()), expected);
}

#[actix_web::test]
async fn a_message_takes_twenty_different_reactions() {
    let server = Server::start().await;
    let (ann, bob, message, reactions) = posted(&server).await;
    let face = |number: u32| char::from_u32(0x1F600 + number).expect("a face").to_string();
    let at = |number| format!("{reactions}/{}", encoded(&face(number)));
    for number in 0..20 {
        ann.put_empty(&at(number)).await.ok();
    }
    bob.put_empty(&at(20)).await.refused(409, "too_many_reactions");
    bob.put_empty(&format!("{message}/like")).await.refused(409, "too_many_reactions");
    bob.put_empty(&at(7)).await.ok();
    ann.delete(&at(0)).await.ok();
    bob.put_empty(&format!("{message}/like")).await.ok();
}

#[actix_web::test]
async fn those_who_gave_a_reaction_are_listed_in_pages() {
    let server = Server::start().await;
    let (ann, bob, message, reactions) = posted(&server).await;
    let party = format!("{reactions}/{}", encoded("🎉"));
    assert_eq!(ann.get(&party).await.ok(), json!({"items": [], "next": null}));
    let group = message.rsplit_once("/messages/").unwrap().0.to_owned();
    let cleo = server.user("cleo").await;
    ann.add(&group, &cleo, "member").await;
    for client in [&cleo, &ann, &bob] {
        client.put_empty(&party).await.ok();
    }
    assert_eq!(bob.list(&party, "/user/id").await, [ann.id(), bob.id(), cleo.id()]);
    let first = bob.get(&format!("{party}?limit=2")).await.ok();
    assert_eq!(first["items"][1]["user"]["username"], "bob");
    let next = first["next"].as_str().expect("there is more");
    let rest = bob.get(&format!("{party}?limit=2&cursor={next}")).await.ok();
    assert_eq!((&rest["items"][0]["user"]["id"], &rest["next"]), (&json!(cleo.id()), &json!(null)));
    let root = server.admin("root").await;
    root.delete(&format!("/api/users/{}", cleo.id())).await.no_content();
    server.work_off_jobs().await;
    let left = bob.get(&party).await.ok();
    assert_eq!(left["items"][2]["user"], json!({"id": cleo.id(), "username": null, "display_name": null}));
    assert_eq!(
        shown(&bob.get(&message).await.ok()),
        json!([["🎉", 3, true]]),
        "they stay counted, as likes do"
    );
    ann.delete(&message).await.no_content();
    assert_eq!(bob.get(&party).await.ok(), json!({"items": [], "next": null}));
}

#[actix_web::test]
async fn a_deleted_message_has_no_reactions_and_takes_none() {
    let server = Server::start().await;
    let (ann, bob, message, reactions) = posted(&server).await;
    let party = format!("{reactions}/{}", encoded("🎉"));
    bob.put_empty(&party).await.ok();
    ann.delete(&message).await.no_content();
    assert_eq!(bob.get(&message).await.ok()["reactions"], json!([]));
    bob.put_empty(&party).await.refused(409, "deleted");
    assert_eq!(bob.delete(&party).await.ok()["reactions"], json!([]));
}

#[actix_web::test]
async fn who_may_not_react_does_not() {
    let server = Server::start().await;
    let (ann, bob, message, reactions) = posted(&server).await;
    let party = format!("{reactions}/{}", encoded("🎉"));
    let group = message.rsplit_once("/messages/").unwrap().0.to_owned();
    ann.put(&format!("{group}/members/{}/mute", bob.id()), json!({})).await.ok();
    bob.put_empty(&party).await.refused(403, "muted");
    ann.delete(&format!("{group}/members/{}/mute", bob.id())).await.no_content();
    ann.patch(&format!("{group}/roles/member"), json!({"permissions": ["view", "read_history", "send"]}))
        .await
        .ok();
    bob.put_empty(&party).await.refused(403, "role_too_low");
    ann.put_empty(&format!("{group}/archive")).await.ok();
    ann.put_empty(&party).await.refused(403, "archived");
    bob.get(&party).await.ok();
}

/// What each event of a reaction says is what a request answers after it.
#[actix_web::test]
async fn events_agree_with_what_is_answered_after_them() {
    let server = Server::start().await;
    let (ann, bob, message, reactions) = posted(&server).await;
    let mut cursor = json!(now_with_message(&ann, &message).await);
    let at = |emoji| format!("{reactions}/{}", encoded(emoji));
    let changes = [
        (&bob, "PUT", "🎉", "message.reacted", 1),
        (&ann, "PUT", "❤", "message.reacted", 1),
        (&ann, "PUT", "🎉", "message.reacted", 2),
        (&ann, "PUT", "👍", "message.liked", 1),
        (&bob, "DELETE", "🎉", "message.unreacted", 1),
        (&ann, "DELETE", "🎉", "message.unreacted", 0),
        (&ann, "DELETE", "👍", "message.unliked", 0),
    ];
    for (client, method, emoji, event_type, count) in changes {
        match method {
            "PUT" => client.put_empty(&at(emoji)).await.ok(),
            _ => client.delete(&at(emoji)).await.ok(),
        };
        let told = bob.get(&format!("/api/events?cursor={}&wait=10", cursor.as_str().unwrap())).await.ok();
        cursor = told["cursor"].clone();
        let [event] = told["items"].as_array().unwrap().as_slice() else { panic!("one event: {told}") };
        assert_eq!((&event["type"], &event["actor_id"]), (&json!(event_type), &json!(client.id())));
        let mut expected = bob.get(&message).await.ok();
        expected["liked"] = json!(null);
        for reaction in expected["reactions"].as_array_mut().unwrap() {
            reaction["reacted"] = json!(null);
        }
        if !event_type.ends_with("liked") {
            expected["emoji"] = json!(if emoji == "❤" { "❤️" } else { emoji });
            expected["count"] = json!(count);
        }
        assert_eq!(event["data"], expected, "{event_type}");
    }
    assert_eq!(id_in(&message), bob.get(&message).await.ok()["id"]);
}

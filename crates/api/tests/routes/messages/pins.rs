//! Pins.

use serde_json::{Value, json};

use crate::harness::{Client, Server, time};

/// A group of an owner and a member with a message of the member, and the paths of both.
async fn message_of_member(server: &Server) -> (Client, Client, String, String) {
    let (ann, bob) = (server.user("ann").await, server.user("bob").await);
    let group = ann.new_group("Team").await;
    ann.add(&group, &bob, "member").await;
    let message = bob.say_at(&group, "pin me").await;
    (ann, bob, group, message)
}

#[actix_web::test]
async fn a_message_is_pinned_once_and_the_first_pin_stays() {
    let server = Server::start().await;
    let (ann, bob, group, message) = message_of_member(&server).await;
    let cleo = server.user("cleo").await;
    ann.add(&group, &cleo, "admin").await;
    let pin = format!("{message}/pin");
    let before = bob.get(&message).await.ok();
    let pinned = ann.put_empty(&pin).await.ok();
    let mut expected = before;
    expected["version"] = json!(2);
    expected["pinned_at"] = time(&pinned["pinned_at"]);
    expected["pinned_by"] = json!(ann.id());
    expected["liked"] = json!(false);
    assert_eq!(pinned, expected);
    assert_eq!(cleo.put_empty(&pin).await.ok(), expected, "nothing changes");
    assert_eq!(bob.get(&message).await.ok(), expected);
    assert_eq!(bob.get(&format!("{group}/pins")).await.ok()["items"], json!([expected]));
    assert_eq!(bob.get(&group).await.ok()["last_message"], expected);
    ann.post_empty(&pin).await.refused(405, "method_not_allowed");
}

#[actix_web::test]
async fn a_message_is_unpinned_once_and_may_be_pinned_again() {
    let server = Server::start().await;
    let (ann, bob, group, message) = message_of_member(&server).await;
    let pin = format!("{message}/pin");
    let unpinned =
        |message: &Value| json!([message["pinned_at"], message["pinned_by"]]) == json!([null, null]);
    assert!(unpinned(&ann.delete(&pin).await.ok()), "it was not pinned");
    ann.put_empty(&pin).await.ok();
    for _ in 0..2 {
        let message = ann.delete(&pin).await.ok();
        assert!(unpinned(&message) && message["version"] == 3, "{message}");
    }
    assert_eq!(bob.list(&format!("{group}/pins"), "").await, [json!(null); 0]);
    assert_eq!(ann.put_empty(&pin).await.ok()["version"], 4);
}

#[actix_web::test]
async fn pins_are_listed_from_the_newest_down() {
    let server = Server::start().await;
    let (ann, bob, group, first) = message_of_member(&server).await;
    let second = ann.say_at(&group, "two").await;
    let third = ann.say_at(&group, "three").await;
    for message in [&third, &first, &second] {
        ann.put_empty(&format!("{message}/pin")).await.ok();
    }
    // Liked meanwhile, and pinned again: neither moves a pin.
    bob.put_empty(&format!("{first}/like")).await.ok();
    ann.put_empty(&format!("{third}/pin")).await.ok();
    let pins = format!("{group}/pins");
    for limit in [1, 2, 3, 4] {
        let pages = bob.walk(&pins, &format!("limit={limit}"), "", "/seq").await;
        assert_eq!(pages.concat(), [2, 1, 3], "{limit}");
    }
    assert_eq!(bob.list(&pins, "/liked").await, [false, true, false]);
    let next =
        bob.get(&format!("{pins}?limit=1")).await.ok()["next"].as_str().expect("there are more").to_owned();
    // The newest pin goes and another one comes: neither is below the place.
    ann.delete(&format!("{second}/pin")).await.ok();
    let fourth = ann.say_at(&group, "four").await;
    ann.put_empty(&format!("{fourth}/pin")).await.ok();
    assert_eq!(bob.list(&format!("{pins}?cursor={next}"), "/seq").await, [1, 3]);
}

#[actix_web::test]
async fn a_page_of_pins_ends_where_its_texts_are_too_long() {
    let server = Server::start().await;
    let (ann, _, group, _) = message_of_member(&server).await;
    let long = "\u{1f600}".repeat(10_000);
    for _ in 0..27 {
        let message = ann.say_at(&group, &long).await;
        ann.put_empty(&format!("{message}/pin")).await.ok();
    }
    let pages = ann.walk(&format!("{group}/pins"), "limit=200", "", "/seq").await;
    assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [26, 1]);
}

#[actix_web::test]
async fn a_group_has_a_hundred_pins_and_no_more() {
    let server = Server::start().await;
    let (ann, _, group, message) = message_of_member(&server).await;
    let mut last = String::new();
    for _ in 0..100 {
        last = ann.say_at(&group, "pinned").await;
        ann.put_empty(&format!("{last}/pin")).await.ok();
    }
    let pin = format!("{message}/pin");
    ann.put_empty(&pin).await.refused(409, "too_many_pins");
    ann.put_empty(&format!("{last}/pin")).await.ok();
    // A deleted message makes room.
    ann.delete(&last).await.no_content();
    ann.put_empty(&pin).await.ok();
    ann.say_at(&ann.new_group("Another").await, "hello").await;
}

#[actix_web::test]
async fn a_deleted_message_loses_its_pin_and_takes_none() {
    let server = Server::start().await;
    let (ann, bob, group, message) = message_of_member(&server).await;
    let pin = format!("{message}/pin");
    ann.put_empty(&pin).await.ok();
    bob.delete(&message).await.no_content();
    let left = bob.get(&message).await.ok();
    assert_eq!(json!([left["pinned_at"], left["pinned_by"], left["version"]]), json!([null, null, 3]));
    assert_eq!(bob.list(&format!("{group}/pins"), "").await, [json!(null); 0]);
    ann.put_empty(&pin).await.refused(409, "deleted");
    assert_eq!(ann.delete(&pin).await.ok(), left, "nothing changes");
}

#[actix_web::test]
async fn what_is_not_there_is_not_pinned() {
    let server = Server::start().await;
    let (ann, bob, group, message) = message_of_member(&server).await;
    let other = ann.new_group("Another").await;
    let (_, id) = message.rsplit_once('/').expect("an id");
    for client in [&ann, &bob] {
        client.put_empty(&format!("{group}/messages/99999/pin")).await.refused(404, "message_not_found");
    }
    ann.put_empty(&format!("{other}/messages/{id}/pin")).await.refused(404, "message_not_found");
    ann.delete(&format!("{other}/messages/{id}/pin")).await.refused(404, "message_not_found");
    ann.put_empty(&format!("{message}/pin")).await.ok();
    ann.delete(&group).await.no_content();
    for answer in
        [ann.put_empty(&format!("{message}/pin")).await, ann.delete(&format!("{message}/pin")).await]
    {
        answer.refused(404, "group_not_found");
    }
    ann.get(&format!("{group}/pins")).await.refused(404, "group_not_found");
}

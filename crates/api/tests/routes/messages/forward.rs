//! Forwarded messages.

use serde_json::{Value, json};

use super::pair;
use crate::events::all_transports::{AllTransports, now_with_message};
use crate::harness::{Client, Listening, Server, id_in};

/// Forwards the message at this path to this group; the path of the new one.
async fn forward(client: &Client, message: &str, to: &str) -> String {
    let sent = client.post(&format!("{message}/forward"), json!({"group_id": id_in(to)})).await.created();
    format!("{to}/messages/{}", sent["id"])
}

/// What somebody sees of where a message is from.
async fn seen(client: &Client, message: &str) -> Value {
    let message = client.get(message).await.ok();
    json!([message["forwarded"], message["forwarded_from"]])
}

#[actix_web::test]
async fn only_who_may_read_it_where_it_is_sees_where_a_message_is_from() {
    let server = Server::start().await;
    let (ann, bob, group, _) = pair(&server).await;
    ann.patch(&group, json!({"visibility": "private"})).await.ok();
    let first = bob.say_at(&group, "a secret of ours").await;
    let cid = server.user("cid").await;
    let elsewhere = ann.new_group("Elsewhere").await;
    for member in [&bob, &cid] {
        ann.add(&elsewhere, member, "member").await;
    }
    let answer = ann.post(&format!("{first}/forward"), json!({"group_id": id_in(&elsewhere)})).await;
    let location = answer.header("location").unwrap().to_owned();
    let sent = answer.created();
    assert_eq!(location, format!("{elsewhere}/messages/{}", sent["id"]));
    assert_eq!((&sent["text"], &sent["author"]["id"]), (&json!("a secret of ours"), &json!(ann.id())));
    let author = json!({"id": bob.id(), "username": "bob", "display_name": null});
    let source = json!({
        "group_id": id_in(&group), "id": id_in(&first), "seq": 1, "thread_id": null, "author": author,
        "deleted": false,
    });
    assert_eq!((&sent["forwarded_from"], &sent["reply_to"]), (&source, &json!(null)));
    for client in [&ann, &bob] {
        assert_eq!(seen(client, &location).await, json!([true, source]));
        assert_eq!(
            client.list(&format!("{elsewhere}/messages"), "/forwarded_from").await,
            std::slice::from_ref(&source)
        );
    }
    assert_eq!(seen(&cid, &location).await, json!([true, null]));
    assert_eq!(cid.list(&format!("{elsewhere}/messages"), "/forwarded_from").await, [json!(null)]);
    assert_eq!(cid.list("/api/groups?mine=true", "/last_message/forwarded_from").await, [json!(null)]);
    // Who may read it is decided when it is read.
    ann.delete(&format!("{group}/members/{}", bob.id())).await.no_content();
    assert_eq!(seen(&bob, &location).await, json!([true, null]));
    ann.add(&group, &cid, "member").await;
    assert_eq!(seen(&cid, &location).await, json!([true, source]));
}

#[actix_web::test]
async fn what_was_forwarded_stays_as_it_was_whatever_becomes_of_the_first() {
    let server = Server::start().await;
    let (ann, bob, group, _) = pair(&server).await;
    let first = ann.say_at(&group, "one").await;
    ann.patch(&first, json!({"text": "two"})).await.ok();
    let elsewhere = bob.new_group("Elsewhere").await;
    bob.add(&elsewhere, &ann, "member").await;
    let forwarded = forward(&bob, &first, &elsewhere).await;
    let again = forward(&ann, &forwarded, &group).await;
    ann.patch(&first, json!({"text": "three"})).await.ok();
    assert_eq!(bob.get(&forwarded).await.ok()["text"], "two");
    let source = ann.get(&again).await.ok()["forwarded_from"].clone();
    assert_eq!((&source["id"], &source["author"]["id"]), (&json!(id_in(&forwarded)), &json!(bob.id())));
    ann.delete(&first).await.no_content();
    let shown = ann.get(&forwarded).await.ok();
    assert_eq!((&shown["text"], &shown["forwarded_from"]["deleted"]), (&json!("two"), &json!(true)));
    ann.post(&format!("{first}/forward"), json!({"group_id": id_in(&group)})).await.refused(409, "deleted");
    bob.delete(&elsewhere).await.no_content();
    assert_eq!(seen(&ann, &again).await, json!([true, null]));
    ann.delete(&again).await.no_content();
    assert_eq!(seen(&ann, &again).await, json!([false, null]));
}

#[actix_web::test]
async fn it_takes_the_rights_in_both_groups() {
    let server = Server::start().await;
    let (ann, bob, group, _) = pair(&server).await;
    let first = ann.say_at(&group, "one").await;
    let announcements = ann.new_group("Announcements").await;
    ann.add(&announcements, &bob, "readonly").await;
    let hidden = ann.new_group("Hidden").await;
    ann.patch(&hidden, json!({"visibility": "private"})).await.ok();
    let secret = ann.say_at(&hidden, "secret").await;
    let to = |group: &str| json!({"group_id": id_in(group)});
    bob.post(&format!("{first}/forward"), to(&announcements)).await.refused(403, "role_too_low");
    bob.post(&format!("{first}/forward"), to(&hidden)).await.refused(404, "group_not_found");
    bob.post(&format!("{first}/forward"), json!({"group_id": 4711})).await.refused(404, "group_not_found");
    bob.post(&format!("{secret}/forward"), to(&group)).await.refused(404, "group_not_found");
    let elsewhere = format!("{group}/messages/{}/forward", id_in(&secret));
    ann.post(&elsewhere, to(&group)).await.refused(404, "message_not_found");
    ann.post(&format!("{first}/forward"), json!({})).await.invalid(&[("group_id", "required")]);
}

#[actix_web::test]
async fn a_repeat_forwards_once() {
    let server = Server::start().await;
    let (ann, _, group, messages) = pair(&server).await;
    let first = ann.say_at(&group, "one").await;
    let draft = json!({"group_id": id_in(&group), "client_id": "f-1"});
    let sent = ann.post(&format!("{first}/forward"), draft.clone()).await.created();
    ann.delete(&first).await.no_content();
    let repeated = ann.post(&format!("{first}/forward"), draft).await;
    assert_eq!(repeated.header("idempotent-replayed"), Some("true"));
    assert_eq!(repeated.ok()["id"], sent["id"]);
    assert_eq!(ann.list(&messages, "/text").await, [json!("one"), json!(null)]);
}

#[actix_web::test]
async fn only_those_of_a_direct_conversation_see_whose_words_were_forwarded() {
    let server = Server::start().await;
    let (ann, bob, group, _) = pair(&server).await;
    let cid = server.user("cid").await;
    ann.add(&group, &cid, "member").await;
    let direct = bob.post("/api/direct", json!({"user_ids": [ann.id()]})).await.created();
    let direct = format!("/api/groups/{}", direct["id"]);
    let said = bob.say_at(&direct, "between us").await;
    let forwarded = forward(&ann, &said, &group).await;
    for client in [&ann, &bob] {
        assert_eq!(client.get(&forwarded).await.ok()["forwarded_from"]["id"], id_in(&said));
    }
    assert_eq!(seen(&cid, &forwarded).await, json!([true, null]));
}

#[actix_web::test]
async fn events_say_that_it_was_forwarded_and_not_from_where() {
    let server = Server::start().await;
    let listening = Listening::start(&server);
    let (ann, bob, group, _) = pair(&server).await;
    let first = ann.say_at(&group, "one").await;
    let before = now_with_message(&ann, &first).await;
    let mut live = AllTransports::open(&listening, &ann, Some(&before)).await;
    forward(&bob, &first, &group).await;
    let mut backlog = AllTransports::open(&listening, &ann, Some(&before)).await;
    for anns in [&mut live, &mut backlog] {
        let data = anns.next_logged().await["data"].clone();
        assert_eq!((&data["forwarded"], &data["forwarded_from"]), (&json!(true), &json!(null)));
        assert_eq!(data["reply_to"], json!(null));
    }
    listening.stop().await;
}

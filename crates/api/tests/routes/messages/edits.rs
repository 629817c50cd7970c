//! Edits: what a message said before, the version that a change is for, and until when authors may change something.

use std::time::Duration;

use groupchat_api::ServerOptions;
use groupchat_domain::messages::ChangeWindows;
use serde_json::{Value, json};

use super::pair;
use crate::harness::{Client, Server, id_in, time};

async fn edit(client: &Client, message: &str, text: &str) -> Value {
    client.patch(message, json!({"text": text})).await.ok()
}

async fn said(client: &Client, message: &str) -> Vec<Value> {
    client.list(&format!("{message}/history"), "/text").await
}

#[actix_web::test]
async fn what_a_message_said_is_listed_newest_first_with_its_times() {
    let server = Server::start().await;
    let (ann, _, group, _) = pair(&server).await;
    let message = ann.say_at(&group, "one").await;
    let history = format!("{message}/history");
    let nothing = json!({"items": [], "next": null});
    assert_eq!(ann.get(&history).await.ok(), nothing);
    let sent = ann.get(&message).await.ok();
    server.advance_clock(Duration::from_secs(5));
    let second = edit(&ann, &message, "two").await;
    // A reaction raises the version, too.
    ann.put_empty(&format!("{message}/like")).await.ok();
    server.advance_clock(Duration::from_secs(5));
    let third = edit(&ann, &message, "three").await;
    assert_eq!(json!([second["version"], third["version"]]), json!([2, 4]));
    let expected = [
        json!({"text": "two", "written_at": second["edited_at"], "version": 3}),
        json!({"text": "one", "written_at": sent["created_at"], "version": 1}),
    ];
    time(&second["edited_at"]);
    assert_eq!(ann.get(&history).await.ok(), json!({"items": expected, "next": null}));
    let first = ann.get(&format!("{history}?limit=1")).await.ok();
    assert_eq!(first["items"], json!([expected[0]]));
    let next = first["next"].as_str().expect("the list goes on");
    let second = ann.get(&format!("{history}?limit=1&cursor={next}")).await.ok();
    assert_eq!(second, json!({"items": [expected[1]], "next": null}));
    // The same text again is no edit.
    edit(&ann, &message, "three").await;
    assert_eq!(said(&ann, &message).await, ["two", "one"]);
}

#[actix_web::test]
async fn only_the_author_and_those_who_delete_anything_read_it() {
    let server = Server::start().await;
    let (ann, bob, group, _) = pair(&server).await;
    let (cleo, outsider) = (server.user("cleo").await, server.user("dan").await);
    ann.add(&group, &cleo, "admin").await;
    let message = bob.say_at(&group, "one").await;
    edit(&bob, &message, "two").await;
    for reader in [&ann, &bob, &cleo] {
        assert_eq!(said(reader, &message).await, ["one"]);
    }
    let other = ann.say_at(&group, "mine").await;
    bob.get(&format!("{other}/history")).await.refused(403, "role_too_low");
    outsider.get(&format!("{other}/history")).await.refused(403, "members_only");
    ann.put_empty(&format!("{group}/archive")).await.ok();
    assert_eq!(said(&cleo, &message).await, ["one"], "an archived group is read on");
}

#[actix_web::test]
async fn of_many_edits_the_last_hundred_texts_are_kept() {
    let server = Server::start().await;
    let (ann, _, group, _) = pair(&server).await;
    let message = ann.say_at(&group, "0").await;
    for number in 1..=103 {
        edit(&ann, &message, &number.to_string()).await;
    }
    let kept = ann.get(&format!("{message}/history?limit=200")).await.ok();
    let kept: Vec<_> = kept["items"].as_array().unwrap().iter().map(|one| one["text"].clone()).collect();
    let expected: Vec<_> = (3..=102).rev().map(|number| json!(number.to_string())).collect();
    assert_eq!(kept, expected);
}

#[actix_web::test]
async fn a_deletion_removes_every_text_for_good() {
    let server = Server::start().await;
    let (ann, bob, group, _) = pair(&server).await;
    let root = bob.say_at(&group, "root").await;
    let reply = bob.reply_to(&root, "secret one").await;
    let (messages, _) = root.rsplit_once('/').unwrap();
    let reply = format!("{messages}/{}", reply["id"]);
    for message in [&root, &reply] {
        edit(&bob, message, "secret two").await;
        ann.delete(message).await.no_content();
        assert_eq!(said(&bob, message).await, [0; 0]);
        assert_eq!(said(&ann, message).await, [0; 0]);
        let id = id_in(message);
        let left = server.run(move |tx| {
            use groupchat_domain::ids::MessageId;
            use groupchat_domain::messages::EditQuery;
            use groupchat_domain::paging::Limit;
            let query = EditQuery { message: MessageId::new(id), before: None, limit: Limit::DEFAULT };
            tx.edits().list(&query).unwrap().len()
        });
        assert_eq!(left.await, 0);
    }
}

#[actix_web::test]
async fn a_change_of_another_version_is_refused_with_the_present_one() {
    let server = Server::start().await;
    let (ann, _, group, _) = pair(&server).await;
    let message = ann.say_at(&group, "one").await;
    let conditional = |text: &str, version: i64| json!({"text": text, "if_version": version});
    assert_eq!(ann.patch(&message, conditional("two", 1)).await.ok()["version"], 2);
    let problem = ann.patch(&message, conditional("another two", 1)).await.refused(409, "version_conflict");
    assert_eq!(problem["version"], 2);
    assert_eq!(ann.get(&message).await.ok()["text"], "two");
    // Whoever repeats the request because its answer was lost is told that it is done.
    assert_eq!(ann.patch(&message, conditional("two", 1)).await.ok()["version"], 2);
    ann.put_empty(&format!("{message}/like")).await.ok();
    let problem = ann.patch(&message, conditional("three", 2)).await.refused(409, "version_conflict");
    assert_eq!(problem["version"], 3, "a reaction is a change");
    let problem = ann.delete(&format!("{message}?if_version=2")).await.refused(409, "version_conflict");
    assert_eq!(problem["version"], 3);
    for _ in 0..2 {
        ann.delete(&format!("{message}?if_version=3")).await.no_content();
    }
    ann.patch(&message, conditional("three", 3)).await.refused(409, "deleted");
    ann.patch(&message, json!({"text": "x", "if_version": 0}))
        .await
        .invalid(&[("if_version", "out_of_range")]);
    ann.delete(&format!("{message}?if_version=x")).await.refused(400, "validation_failed");
    ann.delete(&format!("{message}?version=1")).await.refused(400, "validation_failed");
}

#[actix_web::test]
async fn authors_change_their_messages_only_so_long_and_moderators_delete_always() {
    let server = Server::start().await;
    let (edit_window, delete_window) = (Duration::from_secs(60), Duration::from_secs(120));
    let change_windows = ChangeWindows { edit: Some(edit_window), delete: Some(delete_window) };
    let server = server.with_options(ServerOptions { change_windows, ..ServerOptions::default() }).await;
    let (ann, bob, group, _) = pair(&server).await;
    let [first, second] = [bob.say_at(&group, "one").await, bob.say_at(&group, "two").await];
    let own = ann.say_at(&group, "three").await;
    edit(&bob, &first, "one more").await;
    server.advance_clock(Duration::from_secs(61));
    let problem = bob.patch(&first, json!({"text": "too late"})).await.refused(403, "too_late");
    let sent = bob.get(&first).await.ok();
    assert!(problem["until"].as_str().unwrap() > sent["created_at"].as_str().unwrap(), "{problem}");
    ann.patch(&own, json!({"text": "owners, too"})).await.refused(403, "too_late");
    bob.patch(&first, json!({"text": "one more"})).await.ok();
    bob.delete(&first).await.no_content();
    server.advance_clock(Duration::from_secs(60));
    bob.delete(&second).await.refused(403, "too_late");
    bob.delete(&first).await.no_content();
    for message in [&second, &own] {
        ann.delete(message).await.no_content();
    }
}

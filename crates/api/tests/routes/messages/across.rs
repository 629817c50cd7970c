//! Messages by their id alone, by their author and time, and several at once.

use std::time::Duration;

use serde_json::{Value, json};

use super::pair;
use crate::harness::{Client, Server, id_in};

fn anywhere(message: &str) -> String {
    format!("/api/messages/{}", id_in(message))
}

#[actix_web::test]
async fn a_message_is_found_by_its_id_alone() {
    let server = Server::start().await;
    let (ann, bob, group, _) = pair(&server).await;
    let message = ann.say_at(&group, "find *me*").await;
    ann.reply_to(&message, "well").await;
    for reader in [&ann, &bob] {
        assert_eq!(reader.get(&anywhere(&message)).await.ok(), reader.get(&message).await.ok());
    }
    let shown = bob.get(&format!("{}?format=html", anywhere(&message))).await.ok();
    assert_eq!(shown["html"], "<p>find <em>me</em></p>\n");
    ann.delete(&message).await.no_content();
    assert_eq!(bob.get(&anywhere(&message)).await.ok()["text"], Value::Null);
}

#[actix_web::test]
async fn to_who_may_not_read_it_a_message_does_not_exist() {
    let server = Server::start().await;
    let (ann, bob, group, _) = pair(&server).await;
    let (outsider, root) = (server.user("dan").await, server.admin("root").await);
    let message = ann.say_at(&group, "secret").await;
    let nothing = outsider.get("/api/messages/123456789").await.refused(404, "message_not_found");
    for reader in [&outsider, &root] {
        let hidden = reader.get(&anywhere(&message)).await.refused(404, "message_not_found");
        assert_eq!(hidden, nothing);
    }
    ann.patch(&group, json!({"history": "joined"})).await.ok();
    ann.add(&group, &outsider, "admin").await;
    let hidden = outsider.get(&anywhere(&message)).await.refused(404, "message_not_found");
    assert_eq!(hidden, nothing);
    ann.delete(&format!("{group}/members/{}", bob.id())).await.no_content();
    bob.get(&anywhere(&message)).await.refused(404, "message_not_found");
    ann.delete(&group).await.no_content();
    ann.get(&anywhere(&message)).await.refused(404, "message_not_found");
}

/// What a page has, and what the next one has.
async fn pages(client: &Client, path: &str) -> Vec<Vec<Value>> {
    let (path, query) = path.split_once('?').expect("a query");
    client.walk(path, query, "format=text", "/text").await
}

async fn texts(client: &Client, path: &str) -> Vec<Value> {
    client.list(path, "/text").await
}

#[actix_web::test]
async fn messages_are_listed_by_their_author() {
    let server = Server::start().await;
    let (ann, bob, group, messages) = pair(&server).await;
    for (number, author) in [&ann, &bob, &ann, &bob, &ann].into_iter().enumerate() {
        author.say(&group, &format!("{}", number + 1)).await;
    }
    let by_ann = format!("{messages}?author_id={}", ann.id());
    assert_eq!(texts(&bob, &by_ann).await, ["5", "3", "1"]);
    assert_eq!(texts(&ann, &format!("{messages}?author_id=me")).await, ["5", "3", "1"]);
    assert_eq!(texts(&ann, &format!("{by_ann}&before=5")).await, ["3", "1"]);
    assert_eq!(texts(&ann, &format!("{by_ann}&before=4")).await, ["3", "1"]);
    assert_eq!(texts(&ann, &format!("{by_ann}&after=1")).await, ["5", "3"]);
    assert_eq!(texts(&ann, &format!("{by_ann}&after=2&limit=1")).await, ["3"]);
    assert_eq!(texts(&ann, &format!("{by_ann}&around=3&limit=2")).await, ["5", "3"]);
    assert_eq!(texts(&ann, &format!("{by_ann}&after=99")).await, [0; 0]);
    assert_eq!(texts(&ann, &format!("{messages}?author_id=999999")).await, [0; 0]);
    ann.get(&format!("{messages}?author_id=x")).await.refused(400, "validation_failed");
    let first = bob.get(&format!("{by_ann}&limit=2")).await.ok();
    let next = first["next"].as_str().expect("the list goes on");
    let second = bob.get(&format!("{by_ann}&limit=2&cursor={next}")).await.ok();
    assert_eq!((&second["items"][0]["text"], &second["next"]), (&json!("1"), &Value::Null));
}

#[actix_web::test]
async fn messages_are_listed_by_the_time_when_they_were_sent() {
    let server = Server::start().await;
    let (ann, bob, group, messages) = pair(&server).await;
    let mut times = Vec::new();
    for (number, author) in [&ann, &bob, &ann, &bob].into_iter().enumerate() {
        server.advance_clock(Duration::from_secs(60));
        let sent = author.say(&group, &format!("{}", number + 1)).await;
        times.push(sent["created_at"].as_str().unwrap().to_owned());
    }
    let span = |since: &str, until: &str| format!("{messages}?since={since}&until={until}");
    assert_eq!(texts(&bob, &span(&times[1], &times[3])).await, ["3", "2"]);
    assert_eq!(texts(&bob, &format!("{}&author_id=me", span(&times[1], &times[3]))).await, ["2"]);
    assert_eq!(texts(&bob, &format!("{messages}?since={}", times[2])).await, ["4", "3"]);
    assert_eq!(texts(&bob, &format!("{messages}?until={}", times[1])).await, ["1"]);
    assert_eq!(texts(&bob, &span(&times[3], &times[1])).await, [0; 0]);
    bob.get(&format!("{messages}?since=yesterday")).await.refused(400, "validation_failed");
    let reply =
        ann.reply_to(&format!("{messages}/{}", ann.get(&messages).await.ok()["items"][0]["id"]), "r").await;
    let in_thread = format!("{messages}?thread_id={}&since={}", reply["thread_id"], times[0]);
    assert_eq!(texts(&bob, &in_thread).await, ["r"]);
    assert_eq!(texts(&bob, &format!("{messages}?since={}", times[3])).await, ["4"]);
}

#[actix_web::test]
async fn who_came_later_filters_only_what_followed() {
    let server = Server::start().await;
    let (ann, _, group, messages) = pair(&server).await;
    ann.patch(&group, json!({"history": "joined"})).await.ok();
    ann.say(&group, "before").await;
    let cleo = server.user("cleo").await;
    ann.add(&group, &cleo, "member").await;
    ann.say(&group, "after").await;
    for query in ["", "&before=1", "&after=0", "&around=1"] {
        let shown = texts(&cleo, &format!("{messages}?author_id={}{query}", ann.id())).await;
        assert!(shown.iter().all(|text| *text == "after"), "{query}: {shown:?}");
    }
    assert_eq!(texts(&cleo, &format!("{messages}?since=2000-01-01T00:00:00Z")).await, ["after"]);
}

fn batch(texts: &[&str]) -> Value {
    let messages: Vec<_> = texts.iter().map(|text| json!({"text": text})).collect();
    json!({"messages": messages})
}

#[actix_web::test]
async fn several_messages_are_sent_at_once_and_in_their_order() {
    let server = Server::start().await;
    let (ann, bob, group, messages) = pair(&server).await;
    let path = format!("{messages}/batch");
    let answer = ann.post(&path, batch(&["one", "two", "three"])).await;
    assert_eq!(answer.header("location"), Some(messages.as_str()));
    let sent = answer.created();
    let numbers: Vec<_> = sent["items"].as_array().unwrap().iter().map(|one| one["seq"].clone()).collect();
    assert_eq!(numbers, [1, 2, 3]);
    assert_eq!(sent["items"][2], ann.get(&format!("{messages}/{}", sent["items"][2]["id"])).await.ok());
    assert_eq!(sent["items"][0]["imported"], false);
    assert_eq!(texts(&bob, &messages).await, ["three", "two", "one"]);
    assert_eq!(ann.get(&group).await.ok()["unread"], 0);
    assert_eq!(bob.get(&group).await.ok()["unread"], 3);
    server.user("eve").await.post(&path, batch(&["x"])).await.refused(403, "members_only");
}

#[actix_web::test]
async fn a_batch_is_repeated_by_its_client_ids() {
    let server = Server::start().await;
    let (ann, _, _, messages) = pair(&server).await;
    let path = format!("{messages}/batch");
    let named = |ids: &[&str]| {
        let messages: Vec<_> = ids.iter().map(|id| json!({"text": id, "client_id": id})).collect();
        json!({"messages": messages})
    };
    let first = ann.post(&path, named(&["a", "b"])).await.created();
    let again = ann.post(&path, named(&["a", "b"])).await;
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    assert_eq!(again.ok(), first);
    let more = ann.post(&path, named(&["b", "c", "c"])).await.created();
    assert_eq!(more["items"][0], first["items"][1]);
    assert_eq!(more["items"][1], more["items"][2]);
    assert_eq!(texts(&ann, &messages).await, ["c", "b", "a"]);
}

#[actix_web::test]
async fn all_messages_of_a_batch_are_sent_or_none() {
    let server = Server::start().await;
    let (ann, bob, group, messages) = pair(&server).await;
    let path = format!("{messages}/batch");
    bob.post(&path, batch(&["fine", ""])).await.invalid(&[("messages[1].text", "required")]);
    bob.post(&path, json!({"messages": []})).await.invalid(&[("messages", "too_short")]);
    bob.post(&path, json!({})).await.invalid(&[("messages", "required")]);
    bob.post(&path, batch(&["x"; 101])).await.invalid(&[("messages", "too_long")]);
    bob.post(&path, json!({"messages": [{"text": "a"}, {"text": 7}]}))
        .await
        .invalid(&[("messages[1].text", "invalid_type")]);
    ann.patch(&group, json!({"slow_mode_seconds": 60})).await.ok();
    server.advance_clock(Duration::from_secs(61));
    bob.post(&path, batch(&["one", "two"])).await.refused(429, "slow_mode");
    assert_eq!(texts(&ann, &messages).await, [0; 0]);
    bob.post(&path, batch(&["one"])).await.created();
    ann.post(&path, batch(&["two", "three"])).await.created();
}

fn old(text: &str, author: i64) -> Value {
    json!({"text": text, "author_id": author, "created_at": "2019-05-01T12:00:00.5Z"})
}

#[actix_web::test]
async fn whoever_manages_all_groups_imports_messages_and_nobody_is_notified() {
    let server = Server::start().await;
    let (ann, bob, group, messages) = pair(&server).await;
    let (root, gone) = (server.admin("root").await, server.user("gone").await);
    ann.add(&group, &root, "member").await;
    bob.say(&group, "now").await;
    ann.patch(&group, json!({"slow_mode_seconds": 60})).await.ok();
    let path = format!("{messages}/batch");
    let before = bob.get(&group).await.ok();
    let texts_of = ["then @bob", "and then @all", "imported @here"];
    let body =
        json!({"messages": [old(texts_of[0], bob.id()), old(texts_of[1], gone.id()), {"text": texts_of[2]}]});
    let cursor = bob.get("/api/events").await.ok()["cursor"].clone();
    let sent = root.post(&path, body).await.created();
    let first = &sent["items"][0];
    assert_eq!(first["created_at"], "2019-05-01T12:00:00.500000Z");
    assert_eq!(json!([first["author"]["id"], first["seq"], first["imported"]]), json!([bob.id(), 2, true]));
    assert_eq!(sent["items"][2]["author"]["id"], root.id());
    // It is unread for everybody, also for its author, who has not sent it.
    for reader in [&ann, &bob, &root] {
        assert!(reader.get(&group).await.ok()["unread"].as_i64().unwrap() >= 3);
    }
    let after = bob.get(&group).await.ok();
    assert_eq!((&after["read_seq"], &after["unread_mentions"]), (&before["read_seq"], &json!(0)));
    assert_eq!(bob.list("/api/mentions", "/id").await, [0; 0]);
    let told = format!("/api/events?cursor={}", cursor.as_str().expect("a cursor"));
    assert_eq!(bob.list(&told, "/type").await, ["message.created"; 3]);
    let audited = root.get("/api/audit?action=messages.imported").await.ok();
    let audited: Vec<_> = audited["items"].as_array().expect("items").iter().collect();
    let told = json!([audited[0]["actor_id"], audited[0]["group_id"], audited[0]["object_id"]]);
    assert_eq!((audited.len(), told), (1, json!([root.id(), first["group_id"], first["id"]])));
    // To import the same again adds nothing, also to the audit log.
    let again = json!({"messages": [{"text": "x", "client_id": "x", "author_id": bob.id()}]});
    root.post(&path, again.clone()).await.created();
    root.post(&path, again).await.ok();
    assert_eq!(root.list("/api/audit?action=messages.imported", "/seq").await.len(), 2);
    let span = format!("{messages}?since=2019-01-01T00:00:00Z&until=2020-01-01T00:00:00Z");
    assert_eq!(texts(&ann, &span).await, [texts_of[1], texts_of[0]]);
    let by_bob = format!("{messages}?author_id={}", bob.id());
    assert_eq!(texts(&ann, &by_bob).await, ["x", "now", texts_of[0]]);
    assert_eq!(pages(&ann, &format!("{messages}?since=2019-01-01T00:00:00Z&limit=1")).await.len(), 5);
}

#[actix_web::test]
async fn nobody_else_imports_and_nothing_wrong_is_imported() {
    let server = Server::start().await;
    let (ann, bob, group, messages) = pair(&server).await;
    let root = server.admin("root").await;
    let path = format!("{messages}/batch");
    let import = |item: Value| json!({"messages": [{"text": "fine"}, item]});
    ann.post(&path, import(old("x", bob.id()))).await.refused(403, "admin_only");
    ann.post(&path, import(json!({"text": "x", "author_id": ann.id()}))).await.refused(403, "admin_only");
    root.post(&path, import(old("x", bob.id()))).await.refused(403, "members_only");
    ann.add(&group, &root, "member").await;
    root.post(&path, import(old("x", 999_999))).await.invalid(&[("messages[1].author_id", "out_of_range")]);
    let later = json!({"text": "x", "created_at": "2999-01-01T00:00:00Z"});
    root.post(&path, import(later)).await.invalid(&[("messages[1].created_at", "out_of_range")]);
    let direct = root.post("/api/direct", json!({"user_ids": [bob.id()]})).await.created();
    let direct = format!("/api/groups/{}/messages/batch", direct["id"]);
    root.post(&direct, import(old("x", bob.id()))).await.refused(403, "not_in_direct");
    assert_eq!(texts(&ann, &messages).await, [0; 0]);
}

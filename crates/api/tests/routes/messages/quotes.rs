//! Messages that quote others.

use serde_json::{Value, json};

use super::pair;
use crate::events::all_transports::{AllTransports, now_with_message};
use crate::harness::{Client, Listening, Server, WebSocket, id_in};

/// Quotes the message at this path; the path of the new one.
async fn quote(client: &Client, message: &str, text: &str) -> String {
    let (messages, _) = message.rsplit_once('/').expect("a path");
    let sent = client.post(messages, json!({"text": text, "reply_to": id_in(message)})).await.created();
    format!("{messages}/{}", sent["id"])
}

/// What somebody sees of the message that this one quotes.
async fn quoted(client: &Client, message: &str) -> Value {
    client.get(message).await.ok()["reply_to"].clone()
}

/// The same to whoever may not read the quoted message.
fn hidden(message: &str) -> Value {
    json!({
        "id": id_in(message), "seq": null, "thread_id": null, "author": null, "excerpt": null, "deleted": null,
    })
}

#[actix_web::test]
async fn a_quote_shows_the_quoted_message_as_it_is_now() {
    let server = Server::start().await;
    let (ann, bob, group, messages) = pair(&server).await;
    let first = ann.say_at(&group, "what do you think?").await;
    let sent = bob.post(&messages, json!({"text": "a lot", "reply_to": id_in(&first)})).await.created();
    let author = json!({"id": ann.id(), "username": "ann", "display_name": null});
    let mut expected = json!({
        "id": id_in(&first), "seq": 1, "thread_id": null, "author": author, "excerpt": "what do you think?",
        "deleted": false,
    });
    assert_eq!((&sent["reply_to"], &sent["thread_id"]), (&expected, &json!(null)));
    let by = format!("{messages}/{}", sent["id"]);
    ann.patch("/api/users/me", json!({"display_name": "Ann"})).await.ok();
    ann.patch(&first, json!({"text": "ä".repeat(300)})).await.ok();
    expected["author"]["display_name"] = json!("Ann");
    expected["excerpt"] = json!("ä".repeat(200));
    for client in [&ann, &bob] {
        assert_eq!(quoted(client, &by).await, expected);
        assert_eq!(client.list(&messages, "/reply_to").await, [expected.clone(), json!(null)]);
        assert_eq!(client.get(&group).await.ok()["last_message"]["reply_to"], expected);
    }
    ann.delete(&first).await.no_content();
    (expected["excerpt"], expected["deleted"]) = (json!(null), json!(true));
    assert_eq!(quoted(&bob, &by).await, expected);
    let again = bob.post(&messages, json!({"text": "and now?", "reply_to": id_in(&first)})).await;
    again.refused(409, "deleted");
    // What is deleted quotes nothing.
    bob.delete(&by).await.no_content();
    assert_eq!(quoted(&ann, &by).await, json!(null));
}

#[actix_web::test]
async fn what_is_done_to_a_message_keeps_its_quote() {
    let server = Server::start().await;
    let (ann, bob, group, _) = pair(&server).await;
    let first = ann.say_at(&group, "one").await;
    let by = quote(&bob, &first, "two").await;
    let expected = quoted(&bob, &by).await;
    let edited = bob.patch(&by, json!({"text": "three"})).await.ok();
    let pinned = ann.put_empty(&format!("{by}/pin")).await.ok();
    assert_eq!((&edited["reply_to"], &pinned["reply_to"]), (&expected, &expected));
    assert_eq!(ann.list(&format!("{group}/pins"), "/reply_to").await, std::slice::from_ref(&expected));
    ann.reply_to(&by, "four").await;
    ann.put_empty(&format!("{by}/follow")).await.ok();
    assert_eq!(ann.list("/api/threads", "/reply_to").await, [expected]);
}

#[actix_web::test]
async fn replies_in_threads_quote_and_are_quoted() {
    let server = Server::start().await;
    let (ann, bob, group, messages) = pair(&server).await;
    let root = ann.say_at(&group, "root").await;
    let reply = bob.reply_to(&root, "reply").await;
    let draft = json!({"text": "quote", "reply_to": reply["id"]});
    let outside = ann.post(&messages, draft.clone()).await.created();
    assert_eq!(
        (&outside["reply_to"]["thread_id"], &outside["thread_id"]),
        (&json!(id_in(&root)), &json!(null))
    );
    let mut in_thread = draft;
    in_thread["thread_id"] = json!(id_in(&root));
    let inside = ann.post(&messages, in_thread).await.created();
    assert_eq!(inside["reply_to"], outside["reply_to"]);
    assert_eq!((&inside["thread_id"], &inside["seq"]), (&json!(id_in(&root)), &json!(2)));
    let listed = bob.list(&format!("{messages}?thread_id={}", id_in(&root)), "/reply_to").await;
    assert_eq!(listed, [inside["reply_to"].clone(), json!(null)]);
}

#[actix_web::test]
async fn only_what_one_may_read_in_the_group_is_quoted() {
    let server = Server::start().await;
    let (ann, bob, group, messages) = pair(&server).await;
    let elsewhere = bob.new_group("Elsewhere").await;
    let other = bob.say_at(&elsewhere, "secret").await;
    for id in [id_in(&other), 4711] {
        let draft = json!({"text": "I know", "reply_to": id, "client_id": format!("c-{id}")});
        bob.post(&messages, draft).await.refused(404, "message_not_found");
    }
    ann.say(&group, "hi").await;
    let draft = |reply_to: Value| json!({"text": "hi", "reply_to": reply_to});
    for bad in [json!(0), json!("1"), json!([])] {
        ann.post(&messages, draft(bad)).await.refused(400, "validation_failed");
    }
    assert_eq!(ann.post(&messages, draft(json!(null))).await.created()["reply_to"], json!(null));
}

#[actix_web::test]
async fn who_came_later_sees_that_something_is_quoted_and_no_more() {
    let server = Server::start().await;
    let (ann, bob, group, messages) = pair(&server).await;
    ann.patch(&group, json!({"history": "joined"})).await.ok();
    let first = ann.say_at(&group, "before").await;
    let cid = server.user("cid").await;
    ann.add(&group, &cid, "member").await;
    let by = quote(&bob, &first, "I quote").await;
    assert_eq!(quoted(&bob, &by).await["excerpt"], "before");
    assert_eq!(quoted(&cid, &by).await, hidden(&first));
    assert_eq!(cid.list(&messages, "/reply_to").await, [hidden(&first)]);
    assert_eq!(cid.get(&group).await.ok()["last_message"]["reply_to"], hidden(&first));
    assert_eq!(cid.list("/api/groups?mine=true", "/last_message/reply_to").await, [hidden(&first)]);
    cid.post(&messages, json!({"text": "?", "reply_to": id_in(&first)}))
        .await
        .refused(404, "message_not_found");
    let of_cid = quote(&cid, &by, "and I you").await;
    assert_eq!(quoted(&cid, &of_cid).await["excerpt"], "I quote");
    ann.patch(&group, json!({"history": "all"})).await.ok();
    assert_eq!(quoted(&cid, &by).await["excerpt"], "before");
}

#[actix_web::test]
async fn a_repeat_shows_what_it_quotes_now() {
    let server = Server::start().await;
    let (ann, bob, group, messages) = pair(&server).await;
    let first = ann.say_at(&group, "one").await;
    let draft = json!({"text": "two", "reply_to": id_in(&first), "client_id": "c-1"});
    bob.post(&messages, draft.clone()).await.created();
    ann.delete(&first).await.no_content();
    let repeated = bob.post(&messages, draft).await;
    assert_eq!(repeated.header("idempotent-replayed"), Some("true"));
    assert_eq!(repeated.ok()["reply_to"]["deleted"], true);
}

#[actix_web::test]
async fn events_name_the_quoted_message_only() {
    let server = Server::start().await;
    let listening = Listening::start(&server);
    let (ann, bob, group, _) = pair(&server).await;
    let first = ann.say_at(&group, "one").await;
    let before = now_with_message(&ann, &first).await;
    let mut anns = AllTransports::open(&listening, &ann, Some(&before)).await;
    // One after the other: a poll has the data of now.
    let mut expect = async |event_type: &str, expected: Value| {
        let event = anns.next_logged().await;
        assert_eq!(event["type"], event_type);
        assert_eq!(event["data"]["reply_to"], expected, "{event_type}");
    };
    let by = quote(&bob, &first, "two").await;
    expect("message.created", hidden(&first)).await;
    bob.patch(&by, json!({"text": "three"})).await.ok();
    expect("message.updated", hidden(&first)).await;
    ann.patch(&first, json!({"text": "four"})).await.ok();
    expect("message.updated", json!(null)).await;
    ann.put_empty(&format!("{by}/like")).await.ok();
    expect("message.liked", hidden(&first)).await;
    bob.delete(&by).await.no_content();
    expect("message.deleted", json!(null)).await;
    listening.stop().await;
}

#[actix_web::test]
async fn the_backlog_names_the_quoted_message_too() {
    let server = Server::start().await;
    let listening = Listening::start(&server);
    let (ann, bob, group, _) = pair(&server).await;
    let first = ann.say_at(&group, "one").await;
    let before = now_with_message(&ann, &first).await;
    quote(&bob, &first, "two").await;
    let mut anns = AllTransports::open(&listening, &ann, Some(&before)).await;
    let event = anns.next_logged().await;
    assert_eq!((&event["type"], &event["data"]["reply_to"]), (&json!("message.created"), &hidden(&first)));
    listening.stop().await;
}

#[actix_web::test]
async fn the_socket_quotes_too() {
    let server = Server::start().await;
    let listening = Listening::start(&server);
    let (ann, _, group, _) = pair(&server).await;
    let first = ann.say_at(&group, "one").await;
    let (mut socket, _) = WebSocket::open(&listening, &ann, "").await;
    let group_id = id_in(&group);
    let request = json!({"type": "send", "group_id": group_id, "text": "two", "reply_to": id_in(&first)});
    let reply = socket.ask(request).await;
    assert_eq!(reply["data"]["reply_to"]["excerpt"], "one", "{reply}");
    listening.stop().await;
}

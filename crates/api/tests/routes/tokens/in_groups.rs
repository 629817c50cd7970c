//! Tokens for some groups.

use serde_json::{Value, json};

use super::issued;
use crate::events::all_transports::{AllTransports, now};
use crate::harness::{Client, Listening, Server, WebSocket, id_in};

/// A token of the user for this group.
async fn token_for(server: &Server, user: &Client, group: &str, scope: &str) -> Client {
    let draft = json!({"name": "Deploys", "scopes": [scope], "group_ids": [id_in(group)]});
    issued(server, user, draft).await.1
}

/// Two groups of somebody, and a token for the first one.
async fn two_groups(server: &Server, scope: &str) -> (Client, String, String, Client) {
    let ann = server.user("ann").await;
    let (den, other) = (ann.new_group("Den").await, ann.new_group("Other").await);
    let token = token_for(server, &ann, &den, scope).await;
    (ann, den, other, token)
}

#[actix_web::test]
async fn a_token_names_the_groups_that_it_is_for_and_its_user_sees_them() {
    let server = Server::start().await;
    let (ann, bob) = (server.user("ann").await, server.user("bob").await);
    let (one, two) = (id_in(&ann.new_group("One").await), id_in(&ann.new_group("Two").await));
    let draft = |groups: Value| json!({"name": "x", "scopes": ["read"], "group_ids": groups});
    let token = ann.post("/api/tokens", draft(json!([two, one, two]))).await.created()["token"].clone();
    assert_eq!(token["group_ids"], json!([one, two]));
    assert_eq!(ann.get("/api/tokens").await.ok()["items"][0]["group_ids"], json!([one, two]));
    let hidden = json!({"name": "Hidden", "visibility": "private"});
    let hidden = ann.post("/api/groups", hidden).await.created()["id"].clone();
    bob.post("/api/tokens", draft(json!([one, hidden]))).await.refused(404, "group_not_found");
    bob.post("/api/tokens", draft(json!([one, 4_000_000_000_i64]))).await.refused(404, "group_not_found");
}

#[actix_web::test]
async fn a_token_does_in_its_group_what_its_user_may_and_sees_no_other() {
    let server = Server::start().await;
    let (ann, den, other, token) = two_groups(&server, "write").await;
    let direct = {
        let bob = server.user("bob").await;
        ann.post("/api/direct", json!({"user_ids": [bob.id()]})).await.created()["id"].clone()
    };
    token.post(&format!("{den}/messages"), json!({"text": "hi"})).await.created();
    token.patch(&den, json!({"description": "of robots"})).await.ok();
    for hidden in [other.clone(), format!("/api/groups/{direct}")] {
        let sent = token.post(&format!("{hidden}/messages"), json!({"text": "hi"})).await;
        sent.refused(404, "group_not_found");
        token.get(&hidden).await.refused(404, "group_not_found");
        token.get(&format!("{hidden}/members")).await.refused(404, "group_not_found");
    }
    let listed = token.get("/api/groups").await.ok();
    assert_eq!(listed["items"].as_array().map(Vec::len), Some(1));
    assert_eq!(listed["items"][0]["id"], id_in(&den));
    assert_eq!(token.get("/api/groups?kind=direct").await.ok()["items"], json!([]));
    for closed in ["/api/users", "/api/invitations", "/api/blocks", "/api/roles"] {
        token.get(closed).await.refused(403, "insufficient_scope");
    }
    token.post("/api/groups", json!({"name": "More"})).await.refused(403, "insufficient_scope");
    token.post("/api/direct", json!({"user_ids": [ann.id()]})).await.refused(403, "insufficient_scope");
    // Once its user is out, so is the token.
    let cat = server.user("cat").await;
    ann.add(&den, &cat, "owner").await;
    cat.delete(&format!("{den}/members/{}", ann.id())).await.no_content();
    token.get(&format!("{den}/messages")).await.refused(403, "members_only");
}

#[actix_web::test]
async fn what_is_quoted_forwarded_or_mentioned_elsewhere_is_not_told() {
    let server = Server::start().await;
    let (ann, den, other, token) = two_groups(&server, "write").await;
    let bob = server.user("bob").await;
    for group in [&den, &other] {
        ann.add(group, &bob, "member").await;
    }
    let elsewhere = bob.say_at(&other, "Hello @ann").await;
    let to_den = json!({"group_id": id_in(&den)});
    let copy = ann.post(&format!("{elsewhere}/forward"), to_den.clone()).await.created();
    let copy = format!("{den}/messages/{}", copy["id"]);
    assert_eq!(ann.get(&copy).await.ok()["forwarded_from"]["group_id"], id_in(&other));
    assert_eq!(token.get(&copy).await.ok()["forwarded_from"], Value::Null);
    token.post(&format!("{elsewhere}/forward"), to_den).await.refused(404, "group_not_found");
    let here = bob.say_at(&den, "Hello again @ann").await;
    let to_other = json!({"group_id": id_in(&other)});
    token.post(&format!("{here}/forward"), to_other).await.refused(404, "group_not_found");
    token.get(&format!("/api/messages/{}", id_in(&elsewhere))).await.refused(404, "message_not_found");
    token.get(&format!("/api/messages/{}", id_in(&here))).await.ok();
    let mentions = |client: Client| async move { client.list("/api/mentions", "/id").await };
    assert_eq!(mentions(ann.clone()).await.len(), 2);
    assert_eq!(mentions(token.clone()).await, [json!(id_in(&here))]);
    for message in [&elsewhere, &here] {
        bob.reply_to(message, "and a reply").await;
        ann.put_empty(&format!("{message}/follow")).await.ok();
    }
    assert_eq!(ann.list("/api/threads", "/id").await.len(), 2);
    assert_eq!(token.list("/api/threads", "/id").await, [json!(id_in(&here))]);
}

#[actix_web::test]
async fn events_tell_of_its_groups_alone_live_and_replayed_on_every_transport() {
    let server = Server::start().await;
    let listening = Listening::start(&server);
    let (ann, den, other, token) = two_groups(&server, "read").await;
    let bob = server.user("bob").await;
    let begin = now(&ann).await;
    let mut live = AllTransports::open(&listening, &token, Some(&begin)).await;
    ann.add(&other, &bob, "member").await;
    bob.say(&other, "Hello @ann").await;
    ann.post("/api/groups", json!({"name": "Third"})).await.created();
    ann.patch("/api/users/me", json!({"display_name": "Ann"})).await.ok();
    ann.put_empty(&format!("/api/users/{}/block", bob.id())).await.ok();
    ann.post_empty("/api/read-all").await.no_content();
    ann.say(&den, "here").await;
    let mut later = AllTransports::open(&listening, &token, Some(&begin)).await;
    for all in [&mut live, &mut later] {
        let told = all.next_logged().await;
        assert_eq!((&told["type"], &told["group_id"]), (&json!("message.created"), &json!(id_in(&den))));
    }
    listening.stop().await;
}

#[actix_web::test]
async fn a_socket_stays_bound_to_the_token_that_opened_it() {
    let server = Server::start().await;
    let listening = Listening::start(&server);
    let (ann, den, other, token) = two_groups(&server, "write").await;
    let reads = token_for(&server, &ann, &den, "read").await;
    let ticket = reads.post_empty("/api/events/ticket").await.created()["ticket"].clone();
    assert!(ticket.is_string());
    let send =
        |group: &str| json!({"id": "1", "type": "send", "group_id": id_in(group), "text": "hi"}).to_string();
    for (client, group, code) in [
        (&token, &den, None),
        (&token, &other, Some("group_not_found")),
        (&reads, &den, Some("insufficient_scope")),
    ] {
        let (mut socket, _) = WebSocket::open(&listening, client, "").await;
        socket.send(&send(group)).await;
        let reply = socket.find(|frame| frame["id"] == "1").await;
        assert_eq!(reply["error"]["code"].as_str(), code, "{reply}");
    }
    listening.stop().await;
}

//! A group's topic, and its slow mode.

use std::time::Duration;

use groupchat_domain::time::Timestamp;
use serde_json::{Value, json};

use crate::harness::{Listening, Server, WebSocket, id_in};

#[actix_web::test]
async fn a_topic_is_one_line_that_can_be_cleared() {
    let server = Server::start().await;
    let ann = server.user("ann").await;
    let group = ann.new_group("Team").await;
    let edited = ann.patch(&group, json!({"topic": " Who oils the cogs? "})).await.ok();
    assert_eq!(json!([edited["topic"], edited["version"]]), json!(["Who oils the cogs?", 2]));
    for (bad, code) in [("", "required"), ("a\nb", "invalid_characters"), ("\u{200b}", "required")] {
        ann.patch(&group, json!({"topic": bad})).await.invalid(&[("topic", code)]);
    }
    ann.patch(&group, json!({"topic": "ü".repeat(250)})).await.ok();
    ann.patch(&group, json!({"topic": "ü".repeat(251)})).await.invalid(&[("topic", "too_long")]);
    assert_eq!(ann.patch(&group, json!({"topic": null})).await.ok()["topic"], Value::Null);
    let draft = json!({"name": "Other", "topic": "x", "slow_mode_seconds": 5});
    ann.post("/api/groups", draft).await.refused(400, "not_editable");
}

#[actix_web::test]
async fn members_wait_in_slow_mode_and_are_told_how_long() {
    let server = Server::standing_at(Timestamp::from_micros(1_795_378_530_000_000)).await;
    let (ann, bob) = (server.user("ann").await, server.user("bob").await);
    let group = ann.new_group("Team").await;
    ann.add(&group, &bob, "member").await;
    for seconds in [-1, 21_601] {
        let change = json!({"slow_mode_seconds": seconds});
        ann.patch(&group, change).await.invalid(&[("slow_mode_seconds", "out_of_range")]);
    }
    let edited = ann.patch(&group, json!({"slow_mode_seconds": 30})).await.ok();
    assert_eq!(edited["slow_mode_seconds"], 30);
    let messages = format!("{group}/messages");
    let send =
        async |client_id: &str| bob.post(&messages, json!({"text": "hi", "client_id": client_id})).await;
    // Also after joining, or leaving and coming back would help.
    assert_eq!(send("a").await.header("retry-after"), Some("30"));
    server.advance_clock(Duration::from_secs(30));
    send("a").await.created();
    server.advance_clock(Duration::from_millis(9_500));
    let answer = send("b").await;
    assert_eq!(answer.header("retry-after"), Some("21"));
    answer.refused(429, "slow_mode");
    send("a").await.expect(200);
    for client in [&ann, &ann] {
        client.say(&group, "I moderate").await;
    }
    let listening = Listening::start(&server);
    let (mut socket, _) = WebSocket::open(&listening, &bob, "").await;
    let request = json!({"id": 1, "type": "send", "group_id": id_in(&group), "text": "hi"});
    assert_eq!(socket.ask(request).await["error"]["code"], "slow_mode");
    listening.stop().await;
    ann.patch(&group, json!({"slow_mode_seconds": 0})).await.ok();
    send("b").await.created();
}

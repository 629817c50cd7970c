//! Removing messages for their age, as clients see it.

use std::time::Duration;

use groupchat_api::ServerOptions;
use groupchat_domain::groups::RetentionBounds;
use groupchat_domain::retention::{RetentionBy, RetentionTerms, run_retention};
use groupchat_domain::time::Timestamp;
use serde_json::{Value, json};

use crate::events::all_transports::AllTransports;
use crate::harness::{Client, Listening, Server, id_in};

/// 2026-11-22T20:15:30Z.
const BEGIN: Timestamp = Timestamp::from_micros(1_795_378_530_000_000);

const HOUR: Duration = Duration::from_secs(3600);

/// Removes what is older than this, where groups have no retention of their own. Pinned messages stay.
pub(crate) async fn run(server: &Server, age: Duration) {
    let terms = RetentionTerms { age: Some(age), keeps_pinned: true };
    let state = server.state();
    let done =
        run_retention(&*state.storage, move || terms, RetentionBy::Server, |_| true, || async {}).await;
    done.expect("the storage works");
}

/// Ann, who owns a group, Bob, who is in it, and the group, on a server whose clock stands still.
async fn two_members(server: &Server) -> (Client, Client, String) {
    let (ann, bob) = (server.user("ann").await, server.user("bob").await);
    let group = ann.new_group("Engines").await;
    ann.add(&group, &bob, "member").await;
    (ann, bob, group)
}

async fn texts(reader: &Client, path: &str) -> Vec<Value> {
    reader.list(path, "/text").await
}

#[actix_web::test]
async fn who_edits_a_group_chooses_within_the_bounds_and_who_manages_the_server_as_they_like() {
    let bounds = RetentionBounds { least: 30, most: Some(90) };
    let options = ServerOptions { retention_bounds: bounds, ..ServerOptions::default() };
    let server = Server::start().await.with_options(options).await;
    let (ann, bob, group) = two_members(&server).await;
    let root = server.admin("root").await;
    assert_eq!(ann.get(&group).await.ok()["retention_days"], Value::Null);
    let days = |days: Value| json!({"retention_days": days});
    for wrong in [json!(-1), json!(36_501), json!(29), json!(91), json!(0)] {
        ann.patch(&group, days(wrong)).await.invalid(&[("retention_days", "out_of_range")]);
    }
    ann.patch(&group, days(json!("30"))).await.invalid(&[("retention_days", "invalid_type")]);
    for good in [json!(30), json!(90), Value::Null] {
        let edited = ann.patch(&group, days(good.clone())).await.ok();
        assert_eq!(edited["retention_days"], good);
    }
    bob.patch(&group, days(json!(30))).await.refused(403, "role_too_low");
    for any in [json!(0), json!(1), json!(36_500)] {
        assert_eq!(root.patch(&group, days(any.clone())).await.ok()["retention_days"], any);
    }
    // What is as it was needs no right of its own.
    let kept = json!({"retention_days": 36_500, "topic": "cogs"});
    assert_eq!(ann.patch(&group, kept).await.ok()["topic"], "cogs");
    let draft = json!({"name": "Other", "retention_days": 30});
    ann.post("/api/groups", draft).await.refused(400, "not_editable");
}

#[actix_web::test]
async fn what_is_removed_is_gone_for_all_and_pages_come_to_an_end() {
    let server = Server::standing_at(BEGIN).await;
    let (ann, bob, group) = two_members(&server).await;
    let messages = format!("{group}/messages");
    let mut old = Vec::new();
    for number in 0..5 {
        old.push(ann.say_at(&group, &format!("old {number}")).await);
    }
    let reply = bob.reply_to(&old[0], "a reply").await;
    ann.put_empty(&format!("{}/pin", old[1])).await.ok();
    let first = bob.get(&format!("{messages}?limit=2")).await.ok();
    server.advance_clock(2 * HOUR);
    let quoting = json!({"text": "young", "reply_to": id_in(&old[2])});
    let young = bob.post(&messages, quoting).await.created();
    assert_eq!(young["reply_to"]["excerpt"], "old 2");
    let listening = Listening::start(&server);
    let mut anns = AllTransports::open(&listening, &ann, None).await;
    let synced = ann.get("/api/sync").await.ok();
    run(&server, HOUR).await;
    // There were two steps, since the exempt one is between.
    for event in anns.next_of_each().await {
        assert_eq!((&event["type"], &event["actor_id"]), (&json!("history.trimmed"), &Value::Null));
        assert_eq!(event["data"], json!({"trimmed_seq": 5}));
    }
    assert_eq!(texts(&bob, &messages).await, ["young", "old 1"]);
    let next = first["next"].as_str().expect("there was more");
    let page = bob.get(&format!("{messages}?limit=2&cursor={next}")).await.ok();
    assert_eq!(page["items"].as_array().map(Vec::len), Some(1), "the exempt one");
    assert_eq!(page["next"], Value::Null);
    let reply = format!("{messages}/{}", reply["id"]);
    for gone in [&old[0], &old[2], &reply, &format!("/api/messages/{}", id_in(&old[4]))] {
        bob.get(gone).await.refused(404, "message_not_found");
    }
    bob.get(&format!("{messages}?thread_id={}", id_in(&old[0]))).await.refused(404, "message_not_found");
    bob.put_empty(&format!("{}/like", old[2])).await.refused(404, "message_not_found");
    let shown = bob.get(&format!("{messages}/{}", young["id"])).await.ok();
    assert_eq!(shown["reply_to"], Value::Null, "what it replied to is gone");
    let found = ann.get(&group).await.ok();
    let numbers = json!([found["last_seq"], found["trimmed_seq"], found["read_seq"], found["unread"]]);
    assert_eq!(numbers, json!([6, 5, 5, 1]));
    let cursor = synced["cursor"].as_str().expect("a cursor");
    let changed = ann.get(&format!("/api/sync?cursor={cursor}")).await.ok();
    assert_eq!(changed["groups"][0]["group"]["trimmed_seq"], 5, "{changed}");
    listening.stop().await;
}

#[actix_web::test]
async fn what_stays_below_the_edge_is_read() {
    let server = Server::standing_at(BEGIN).await;
    let (ann, bob, group) = two_members(&server).await;
    let kept = ann.say_at(&group, "old news for @bob").await;
    ann.put_empty(&format!("{kept}/pin")).await.ok();
    let told = format!("old news for <@{}>", bob.id());
    let unread = async || bob.list("/api/mentions?unread=true", "/text").await;
    assert_eq!(unread().await, [told.as_str()]);
    server.advance_clock(2 * HOUR);
    run(&server, HOUR).await;
    assert_eq!(unread().await, Vec::<Value>::new());
    assert_eq!(bob.list("/api/mentions", "/text").await, [told.as_str()]);
    let found = bob.get(&group).await.ok();
    let counts = json!([found["trimmed_seq"], found["read_seq"], found["unread"], found["unread_mentions"]]);
    assert_eq!(counts, json!([1, 1, 0, 0]));
}

//! Scheduled messages and reminders.

use std::time::Duration;

use groupchat_api::problem::Code;
use groupchat_domain::jobs::{DuePorts, run_due};
use groupchat_domain::time::Timestamp;
use serde_json::{Value, json};

use crate::events::all_transports::AllTransports;
use crate::harness::{Client, Listening, Server, id_in};

/// 2026-11-22T20:15:30Z.
const BEGIN: Timestamp = Timestamp::from_micros(1_795_378_530_000_000);

/// A minute later.
const IN_A_MINUTE: &str = "2026-11-22T20:16:30.000000Z";

/// Ann, who owns a group, Bob, who is in it, and the group, on a server whose clock stands still.
async fn two_members() -> (Server, Client, Client, String) {
    let server = Server::standing_at(BEGIN).await;
    let (ann, bob) = (server.user("ann").await, server.user("bob").await);
    let group = ann.new_group("Engines").await;
    ann.add(&group, &bob, "member").await;
    (server, ann, bob, group)
}

fn later(text: &str) -> Value {
    json!({"text": text, "send_at": IN_A_MINUTE})
}

/// Does what is due now.
pub(crate) async fn run(server: &Server) {
    let state = server.state();
    let name_of = |refusal: &groupchat_domain::Refusal| Code::of_refusal(refusal).as_str();
    let ports = DuePorts { storage: &*state.storage, live: &*state.live, name_of: &name_of };
    let failed = |due, error: &groupchat_domain::Error| panic!("{due}: {error}");
    run_due(&ports, failed).await.expect("the storage works");
}

async fn texts(reader: &Client, group: &str) -> Vec<Value> {
    reader.list(&format!("{group}/messages"), "/text").await
}

#[actix_web::test]
async fn a_message_is_sent_once_at_its_time() {
    let (server, ann, bob, group) = two_members().await;
    let waiting = format!("{group}/scheduled-messages");
    let root = bob.say_at(&group, "Root").await;
    let full = json!({
        "text": "Good morning @bob", "send_at": IN_A_MINUTE, "client_id": "later-1", "thread_id": id_in(&root),
        "reply_to": id_in(&root),
    });
    let made = ann.post(&waiting, full.clone()).await.created();
    assert_eq!(made["failed"], json!(null));
    for field in ["text", "send_at", "client_id", "thread_id", "reply_to"] {
        assert_eq!(made[field], full[field], "{field}");
    }
    assert_eq!(ann.post(&waiting, full).await.ok()["id"], made["id"], "a repeat schedules no other");
    assert_eq!(ann.list(&waiting, "").await, [made]);
    assert_eq!(bob.list(&waiting, "").await, [json!(null); 0]);
    run(&server).await;
    server.advance_clock(Duration::from_secs(59));
    run(&server).await;
    assert_eq!(texts(&bob, &group).await, ["Root"]);
    server.advance_clock(Duration::from_secs(1));
    for _ in 0..2 {
        run(&server).await;
    }
    let replies = bob.get(&format!("{group}/messages?thread_id={}", id_in(&root))).await.ok();
    assert_eq!(replies["items"].as_array().map(Vec::len), Some(1));
    let sent = &replies["items"][0];
    assert_eq!(sent["mentions"]["users"][0]["id"], bob.id());
    assert_eq!(json!([sent["author"]["id"], sent["client_id"]]), json!([ann.id(), "later-1"]));
    assert_eq!(sent["reply_to"]["id"], id_in(&root));
    assert_eq!(ann.list(&waiting, "").await, [json!(null); 0]);
}

#[actix_web::test]
async fn a_poll_begins_at_its_time_and_closes_after_it() {
    let (server, ann, bob, group) = two_members().await;
    let waiting = format!("{group}/scheduled-messages");
    let poll = json!({
        "options": ["Tea", "Coffee"], "max_choices": 2, "anonymous": false, "results": "after_vote",
        "options_by": "members", "closes_at": "2026-11-22T21:15:30.000000Z",
    });
    let draft = |closes_at: &str| {
        let mut poll = poll.clone();
        poll["closes_at"] = json!(closes_at);
        json!({"text": "What to drink?", "send_at": IN_A_MINUTE, "poll": poll})
    };
    ann.post(&waiting, draft(IN_A_MINUTE)).await.invalid(&[("poll.closes_at", "out_of_range")]);
    let made = ann.post(&waiting, draft("2026-11-22T21:15:30.000000Z")).await.created();
    assert_eq!(made["poll"], poll);
    let path = format!("{waiting}/{}", made["id"]);
    let too_late = json!({"send_at": "2026-11-22T21:15:30.000000Z"});
    ann.patch(&path, too_late).await.invalid(&[("poll.closes_at", "out_of_range")]);
    ann.patch(&path, json!({"poll": poll})).await.refused(400, "not_editable");
    server.advance_clock(Duration::from_secs(60));
    run(&server).await;
    let sent = bob.list(&format!("{group}/messages"), "").await.remove(0);
    assert_eq!(sent["poll"]["closes_at"], poll["closes_at"]);
    let options: Vec<_> =
        sent["poll"]["options"].as_array().expect("options").iter().map(|of| &of["text"]).collect();
    assert_eq!(json!(options), poll["options"]);
    let vote = format!("{group}/messages/{}/poll/vote", sent["id"]);
    assert_eq!(bob.put(&vote, json!({"options": [1, 2]})).await.ok()["my_votes"], json!([1, 2]));
}

#[actix_web::test]
async fn what_is_refused_stays_with_the_reason_until_it_gets_another_time() {
    let (server, ann, bob, group) = two_members().await;
    let waiting = format!("{group}/scheduled-messages");
    let made = bob.post(&waiting, later("Hello")).await.created();
    let mute = format!("{group}/members/{}/mute", bob.id());
    ann.put(&mute, json!({})).await.ok();
    server.advance_clock(Duration::from_secs(60));
    run(&server).await;
    let failed = bob.list(&waiting, "/failed").await;
    assert_eq!(json!([failed[0]["code"], failed[0]["at"]]), json!(["muted", IN_A_MINUTE]));
    ann.delete(&mute).await.no_content();
    run(&server).await;
    let path = format!("{waiting}/{}", made["id"]);
    bob.patch(&path, json!({"text": "Hello again"})).await.ok();
    run(&server).await;
    assert_eq!(texts(&ann, &group).await, [0; 0], "it is not tried again by itself");
    let again = bob.patch(&path, json!({"send_at": "2026-11-22T20:17:30Z"})).await.ok();
    assert_eq!(json!([again["text"], again["failed"]]), json!(["Hello again", null]));
    server.advance_clock(Duration::from_secs(60));
    run(&server).await;
    assert_eq!(texts(&ann, &group).await, ["Hello again"]);
    bob.patch(&path, json!({"text": "Too late"})).await.refused(404, "scheduled_not_found");
    bob.delete(&path).await.refused(404, "scheduled_not_found");
}

#[actix_web::test]
async fn who_has_left_or_is_suspended_sends_nothing_and_still_looks_after_it() {
    let (server, ann, bob, group) = two_members().await;
    let waiting = format!("{group}/scheduled-messages");
    let made = bob.post(&waiting, later("Hello")).await.created();
    ann.post(&waiting, later("Mine")).await.created();
    bob.delete(&format!("{group}/members/me")).await.no_content();
    let root = server.admin("root").await;
    root.patch(&format!("/api/users/{}", ann.id()), json!({"suspended": true})).await.ok();
    server.advance_clock(Duration::from_secs(60));
    run(&server).await;
    assert_eq!(bob.list(&waiting, "/failed/code").await, ["members_only"]);
    root.patch(&format!("/api/users/{}", ann.id()), json!({"suspended": false})).await.ok();
    let ann = server.sign_in_again("ann").await;
    assert_eq!(ann.list(&waiting, "/failed/code").await, ["account_suspended"]);
    assert_eq!(texts(&ann, &group).await, [0; 0]);
    ann.patch(&group, json!({"visibility": "private"})).await.ok();
    bob.delete(&format!("{waiting}/{}", made["id"])).await.no_content();
    assert_eq!(bob.list(&waiting, "").await, [json!(null); 0]);
}

#[actix_web::test]
async fn what_a_token_has_scheduled_ends_with_it() {
    let (server, ann, _, group) = two_members().await;
    let draft = json!({"name": "Deploys", "scopes": ["write"]});
    let issued = ann.post("/api/tokens", draft).await.created();
    let token = server.with_key(issued["key"].as_str().expect("a key").to_owned());
    let waiting = format!("{group}/scheduled-messages");
    token.post(&waiting, later("By the token")).await.created();
    ann.post(&waiting, later("By hand")).await.created();
    ann.delete(&format!("/api/tokens/{}", issued["token"]["id"])).await.no_content();
    server.advance_clock(Duration::from_secs(60));
    run(&server).await;
    assert_eq!(texts(&ann, &group).await, ["By hand"]);
    assert_eq!(ann.list(&waiting, "/failed/code").await, ["invalid_key"]);
}

#[actix_web::test]
async fn there_are_at_most_a_hundred_within_a_year() {
    let (_server, ann, bob, group) = two_members().await;
    let waiting = format!("{group}/scheduled-messages");
    for bad in ["2026-11-22T20:15:30Z", "2027-11-25T20:15:30Z"] {
        let refused = ann.post(&waiting, json!({"text": "x", "send_at": bad})).await;
        refused.invalid(&[("send_at", "out_of_range")]);
    }
    ann.post(&waiting, json!({"text": "x"})).await.invalid(&[("send_at", "required")]);
    let nowhere = json!({"text": "x", "send_at": IN_A_MINUTE, "thread_id": 99_999});
    ann.post(&waiting, nowhere).await.refused(404, "message_not_found");
    for number in 0..100 {
        ann.post(&waiting, later(&number.to_string())).await.created();
    }
    ann.post(&waiting, later("one more")).await.refused(409, "too_many_scheduled");
    bob.post(&waiting, later("mine")).await.created();
    let pages = ann.walk(&waiting, "limit=30", "", "/text").await;
    assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [30, 30, 30, 10]);
    assert_eq!(pages[0][0], "99");
}

#[actix_web::test]
async fn the_author_is_told_on_all_devices_and_nobody_else() {
    let (server, ann, bob, group) = two_members().await;
    let listening = Listening::start(&server);
    let mut anns = AllTransports::open(&listening, &ann, None).await;
    let mut bobs = AllTransports::open(&listening, &bob, None).await;
    let waiting = format!("{group}/scheduled-messages");
    ann.post(&waiting, later("Hello")).await.created();
    let told = anns.next_logged().await;
    assert_eq!(json!([told["type"], told["data"]["group_id"]]), json!(["scheduled.updated", id_in(&group)]));
    server.advance_clock(Duration::from_secs(60));
    run(&server).await;
    let sent = anns.next_logged().await;
    assert_eq!(bobs.next_logged().await, sent);
    let told = anns.next_logged().await;
    assert_eq!(told["type"], "scheduled.sent");
    assert_eq!(told["data"]["message_id"], sent["data"]["id"]);
    bob.say(&group, "Nobody told me").await;
    assert_eq!(bobs.next_logged().await["data"]["text"], "Nobody told me");
    listening.stop().await;
}

#[actix_web::test]
async fn a_reminder_comes_back_once_and_stays_until_it_is_removed() {
    let (server, ann, bob, group) = two_members().await;
    let message = bob.say_at(&group, "Remember").await;
    let reminder = format!("/api/messages/{}/reminder", id_in(&message));
    let listening = Listening::start(&server);
    let mut anns = AllTransports::open(&listening, &ann, None).await;
    let at = json!({"at": IN_A_MINUTE});
    let made = ann.post(&reminder, at.clone()).await.ok();
    assert_eq!(
        json!([made["at"], made["due"], made["message"]["text"]]),
        json!([IN_A_MINUTE, false, "Remember"])
    );
    assert_eq!(anns.next_logged().await["type"], "reminder.updated");
    assert_eq!(ann.put(&reminder, at).await.ok(), made);
    run(&server).await;
    assert_eq!(ann.list("/api/reminders", "").await, [made]);
    server.advance_clock(Duration::from_secs(60));
    for _ in 0..2 {
        run(&server).await;
    }
    let told = anns.next_logged().await;
    assert_eq!(json!([told["type"], told["actor_id"]]), json!(["reminder.due", null]));
    assert_eq!(told["data"], json!({"message_id": id_in(&message), "at": IN_A_MINUTE, "due": true}));
    assert_eq!(ann.list("/api/reminders", "/due").await, [true]);
    assert_eq!(bob.list("/api/reminders", "").await, [json!(null); 0]);
    ann.delete(&reminder).await.no_content();
    assert_eq!(anns.next_logged().await["type"], "reminder.updated");
    ann.delete(&reminder).await.no_content();
    assert_eq!(ann.list("/api/reminders", "").await, [json!(null); 0]);
    listening.stop().await;
}

#[actix_web::test]
async fn a_reminder_shows_its_message_only_to_who_can_read_it_now() {
    let (server, ann, bob, group) = two_members().await;
    ann.patch(&group, json!({"visibility": "private"})).await.ok();
    let message = ann.say_at(&group, "Secret").await;
    let reminder = format!("/api/messages/{}/reminder", id_in(&message));
    bob.put(&reminder, json!({"at": IN_A_MINUTE})).await.ok();
    bob.delete(&format!("{group}/members/me")).await.no_content();
    server.advance_clock(Duration::from_secs(60));
    run(&server).await;
    let listed = bob.list("/api/reminders", "").await;
    assert_eq!(json!([listed[0]["due"], listed[0]["message"]]), json!([true, null]));
    bob.put(&reminder, json!({"at": "2026-11-22T20:20:30Z"})).await.refused(404, "message_not_found");
    bob.delete(&reminder).await.no_content();
    assert_eq!(bob.list("/api/reminders", "").await, [json!(null); 0]);
    for number in 0..100 {
        let message = ann.say_at(&group, &number.to_string()).await;
        let reminder = format!("/api/messages/{}/reminder", id_in(&message));
        ann.put(&reminder, json!({"at": "2026-11-22T20:20:30Z"})).await.ok();
    }
    ann.put(&reminder, json!({"at": "2026-11-22T20:20:30Z"})).await.refused(409, "too_many_reminders");
    let pages = ann.walk("/api/reminders", "limit=40", "", "/message/text").await;
    assert_eq!(pages.concat().len(), 100);
}

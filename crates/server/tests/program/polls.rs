//! Polls: each is closed once, whatever happens to the server around its time, and its end has all votes that count.

use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::harness::{Api, DEADLINE, Data, Database, Server, data};

/// How many vote at once.
const VOTERS: usize = 12;

const ROUNDS: usize = 4;

/// How soon after its time, or after a start, a poll is closed at the latest.
const SOON: Duration = Duration::from_secs(5);

/// A poll in a group, which closes at this time if it is given; its path.
pub(crate) async fn ask(api: &Api, group: i64, closes_at: Option<Timestamp>) -> String {
    let closes_at = closes_at.map(|at| at.to_string());
    let poll = json!({"options": ["yes", "no"], "closes_at": closes_at});
    let draft = json!({"text": "When?", "poll": poll});
    let sent = api.post(&format!("/groups/{group}/messages"), draft).await.expect(StatusCode::CREATED);
    format!("/groups/{group}/messages/{}", sent["id"])
}

pub(crate) async fn vote(api: &Api, poll: &str, option: usize) -> StatusCode {
    let answer = api.put(&format!("{poll}/poll/vote"), json!({"options": [option]})).await;
    if answer.status != StatusCode::OK {
        assert_eq!((answer.status, &answer.body["code"]), (StatusCode::CONFLICT, &json!("poll_closed")));
    }
    answer.status
}

/// Some members of a group.
async fn members(admin: &Api, group: i64, count: usize) -> Vec<Api> {
    let mut members = Vec::new();
    for number in 0..count {
        let member = admin.create_user(&format!("member{number}")).await;
        member.post_nothing(&format!("/groups/{group}/join")).await.expect(StatusCode::CREATED);
        members.push(member);
    }
    members
}

pub(crate) async fn cursor(api: &Api) -> String {
    api.get("/events").await.expect(StatusCode::OK)["cursor"].as_str().unwrap().to_owned()
}

/// The polls of all events of this type since a cursor, in order.
async fn told(api: &Api, since: &str, event: &str) -> Vec<Value> {
    let (mut told, mut cursor) = (Vec::new(), since.to_owned());
    loop {
        let page = api.get(&format!("/events?cursor={cursor}")).await.expect(StatusCode::OK);
        let items = page["items"].as_array().unwrap();
        told.extend(items.iter().filter(|item| item["type"] == event).map(|item| item["data"].clone()));
        if items.is_empty() {
            return told;
        }
        cursor = page["cursor"].as_str().unwrap().to_owned();
    }
}

/// Waits until so many events of this type were told, and returns their polls.
pub(crate) async fn until_told(api: &Api, since: &str, event: &str, count: usize) -> Vec<Value> {
    let begin = Instant::now();
    loop {
        let told = told(api, since, event).await;
        if told.len() >= count {
            return told;
        }
        assert!(begin.elapsed() < DEADLINE, "waited in vain for {event}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Whatever was told, each poll was closed once.
pub(crate) fn check_closed_once(data: &Data) {
    let mut database = Database::open(data);
    database.check_integrity();
    let again =
        "SELECT count(*) - count(DISTINCT message_id) AS count FROM events WHERE type = 'poll.closed'";
    assert_eq!(database.count(again), 0, "a poll was closed twice");
    assert_eq!(database.count("SELECT count(*) AS count FROM polls WHERE closed_at IS NULL"), 0);
}

/// The server dies before the time of a poll, and comes back before it or after it.
#[tokio::test]
async fn a_poll_is_closed_soon_after_its_time_although_the_server_was_killed_before() {
    let data = data();
    let mut server = Server::start(&data).await;
    let admin = server.admin().await;
    let (key, group) = (admin.key().to_owned(), admin.create_group("Lobby").await);
    for is_back_in_time in [true, false] {
        let api = server.anonymous().with_key(&key);
        let since = cursor(&api).await;
        let due = Timestamp::now() + SignedDuration::from_millis(5_000);
        let poll = ask(&api, group, Some(due)).await;
        assert_eq!(vote(&api, &poll, 2).await, StatusCode::OK);
        server.kill().await;
        if !is_back_in_time {
            let left = due.duration_since(Timestamp::now()) + SignedDuration::from_millis(50);
            tokio::time::sleep(Duration::try_from(left).unwrap_or_default()).await;
        }
        server = Server::start(&data).await;
        let from = Timestamp::now().max(due);
        let api = server.anonymous().with_key(&key);
        let closed = until_told(&api, &since, "poll.closed", 1).await;
        let waited = Duration::try_from(Timestamp::now().duration_since(from)).unwrap_or_default();
        assert!(waited < SOON, "closed {waited:?} after it could be");
        assert!(Timestamp::now() >= due, "closed before its time");
        let poll = &closed[0]["poll"];
        assert_eq!((&poll["votes"], &poll["closed_at"]), (&json!(1), &poll["closes_at"]));
    }
    server.stop().await;
    check_closed_once(&data);
}

/// Votes that were to be told a little later when the server died are told when it is back.
#[tokio::test]
async fn votes_that_were_not_told_before_a_kill_are_told_after_it() {
    let data = data();
    let mut server = Server::start(&data).await;
    let admin = server.admin().await;
    let (key, group) = (admin.key().to_owned(), admin.create_group("Lobby").await);
    let members = members(&admin, group, 3).await;
    let (since, poll) = (cursor(&admin).await, ask(&admin, group, None).await);
    for member in &members {
        assert_eq!(vote(member, &poll, 1).await, StatusCode::OK);
    }
    server.kill().await;
    let mut database = Database::open(&data);
    let untold = database.count("SELECT voters AS count FROM polls");
    assert_eq!(untold, 3, "what was acknowledged is there");
    server = Server::start(&data).await;
    let api = server.anonymous().with_key(&key);
    let begin = Instant::now();
    loop {
        // Events that are read later have what is so now, so it is their number that tells.
        let waits = database.count("SELECT count(*) AS count FROM polls WHERE due_at IS NOT NULL");
        if waits == 0 {
            break;
        }
        assert!(begin.elapsed() < SOON, "nobody is told");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let told = told(&api, &since, "poll.voted").await;
    assert_eq!(told.last().unwrap()["poll"]["voters"], json!(3));
    server.stop().await;
}

/// Votes against the end: each counts or is refused, and the last event has those that count, no more and no fewer.
#[tokio::test]
async fn a_vote_counts_or_comes_after_the_end() {
    let data = data();
    let server = Server::start(&data).await;
    let admin = server.admin().await;
    let group = admin.create_group("Lobby").await;
    let voters = members(&admin, group, VOTERS).await;
    for round in 0..ROUNDS {
        let since = cursor(&admin).await;
        let is_by_clock = round % 2 == 1;
        let closes_at = is_by_clock.then(|| Timestamp::now() + SignedDuration::from_millis(1_500));
        let poll = ask(&admin, group, closes_at).await;
        let left = |at: Timestamp| at.duration_since(Timestamp::now()) - SignedDuration::from_millis(40);
        let begin = closes_at.and_then(|at| Duration::try_from(left(at)).ok()).unwrap_or_default();
        let votes: Vec<_> = voters
            .iter()
            .enumerate()
            .map(|(nth, voter)| {
                // Each with a connection of its own, from before the end until after it.
                let (voter, poll) = (server.anonymous().with_key(voter.key()), poll.clone());
                tokio::spawn(async move {
                    tokio::time::sleep(begin + Duration::from_millis(8 * nth as u64)).await;
                    vote(&voter, &poll, nth % 2 + 1).await
                })
            })
            .collect();
        if !is_by_clock {
            tokio::time::sleep(Duration::from_millis(40)).await;
            admin.post_nothing(&format!("{poll}/poll/close")).await.expect(StatusCode::OK);
        }
        let mut counted = 0;
        for vote in votes {
            counted += usize::from(vote.await.unwrap() == StatusCode::OK);
        }
        let closed = until_told(&admin, &since, "poll.closed", 1).await;
        assert_eq!(closed[0]["poll"]["voters"], json!(counted), "in round {round}");
        let shown = admin.get(&poll).await.expect(StatusCode::OK);
        assert_eq!(shown["poll"]["voters"], json!(counted), "in round {round}");
        let after = told(&admin, &since, "poll.voted").await.len();
        assert!(after <= counted, "{after} events tell of {counted} votes");
    }
    server.stop().await;
    check_closed_once(&data);
}

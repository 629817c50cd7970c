//! Several servers on one database.

use reqwest::StatusCode;
use serde_json::json;

use crate::harness::{Data, Database, Server, data, serve};
use crate::{polls, scheduled};

const ROUNDS: usize = 3;

/// How many polls are due one after the other.
const POLLS: i64 = 20;

async fn start(data: &Data) -> Server {
    let mut command = serve(data);
    command.args(["--password-cost", "10"]);
    Server::spawn(command).await
}

#[tokio::test]
async fn two_that_start_at_once_on_an_empty_database_make_it_and_its_admin_once() {
    for _ in 0..ROUNDS {
        let data = data();
        let (one, other) = tokio::join!(start(&data), start(&data));
        let passwords: Vec<_> = [&one.password, &other.password].into_iter().flatten().cloned().collect();
        assert_eq!(passwords.len(), 1, "one admin was made, by one of them");
        let mut database = Database::open(&data);
        assert_eq!(database.count("SELECT count(*) AS count FROM users"), 1);
        let twice = "SELECT count(*) - count(DISTINCT version) AS count FROM __diesel_schema_migrations";
        assert_eq!(database.count(twice), 0, "each migration ran once");
        for server in [&one, &other] {
            server.anonymous().get("/health").await.expect(StatusCode::OK);
            server.login("admin", &passwords[0]).await;
        }
        one.stop().await;
        other.stop().await;
    }
}

#[tokio::test]
async fn what_one_stores_is_at_once_there_for_the_other() {
    let data = data();
    let one = start(&data).await;
    let other = start(&data).await;
    assert_eq!(other.password, None);
    let admin = one.admin().await;
    let elsewhere = other.anonymous().with_key(admin.key());
    let group = admin.create_group("Lobby").await;
    let path = format!("/groups/{group}/messages");
    for n in 1..=20 {
        let (sender, reader) = if n % 2 == 0 { (&admin, &elsewhere) } else { (&elsewhere, &admin) };
        let sent = sender.post(&path, json!({"text": format!("message {n}")})).await;
        assert_eq!(sent.expect(StatusCode::CREATED)["seq"], n);
        let found = reader.get(&format!("/groups/{group}")).await.expect(StatusCode::OK);
        assert_eq!(found["last_seq"], n);
    }
    admin.post_nothing("/logout").await.expect(StatusCode::NO_CONTENT);
    elsewhere.get("/users/me").await.expect(StatusCode::UNAUTHORIZED);
    one.stop().await;
    other.stop().await;
}

#[tokio::test]
async fn two_send_each_scheduled_message_once_although_one_is_killed() {
    let data = data();
    let one = start(&data).await;
    let other = start(&data).await;
    let admin = one.admin().await;
    let elsewhere = other.anonymous().with_key(admin.key());
    let group = admin.create_group("Lobby").await;
    let begin = jiff::Timestamp::now() + jiff::SignedDuration::from_millis(8_000);
    let (here, there) = ("here".to_owned(), "there".to_owned());
    tokio::join!(
        scheduled::schedule(&admin, group, &here, begin),
        scheduled::schedule_some(&elsewhere, group, &there, begin, 30)
    );
    let wait = begin.duration_since(jiff::Timestamp::now()) + jiff::SignedDuration::from_millis(200);
    tokio::time::sleep(std::time::Duration::try_from(wait).unwrap_or_default()).await;
    one.kill().await;
    // What the one that is gone had taken on is sent by the one that is left.
    scheduled::until_sent(&elsewhere, group).await;
    let sent = scheduled::sent(&elsewhere, group).await;
    assert_eq!(
        (sent.len(), sent.values().sum::<usize>()),
        (scheduled::MESSAGES + 30, scheduled::MESSAGES + 30)
    );
    other.stop().await;
}

#[tokio::test]
async fn two_close_each_poll_once_although_one_is_killed() {
    let data = data();
    let one = start(&data).await;
    let other = start(&data).await;
    let admin = one.admin().await;
    let elsewhere = other.anonymous().with_key(admin.key());
    let group = admin.create_group("Lobby").await;
    let since = polls::cursor(&elsewhere).await;
    let due = jiff::Timestamp::now() + jiff::SignedDuration::from_millis(8_000);
    let mut asked = Vec::new();
    for number in 0..POLLS {
        let api = if number % 2 == 0 { &admin } else { &elsewhere };
        let at = due + jiff::SignedDuration::from_millis(number * 20);
        asked.push(polls::ask(api, group, Some(at)).await);
    }
    for poll in &asked {
        assert_eq!(polls::vote(&admin, poll, 1).await, StatusCode::OK);
    }
    // At a time at which both close some of them.
    let wait = due.duration_since(jiff::Timestamp::now()) + jiff::SignedDuration::from_millis(10 * POLLS);
    tokio::time::sleep(std::time::Duration::try_from(wait).unwrap_or_default()).await;
    one.kill().await;
    let closed = polls::until_told(&elsewhere, &since, "poll.closed", asked.len()).await;
    assert!(closed.iter().all(|told| told["poll"]["votes"] == 1), "{closed:?}");
    other.stop().await;
    polls::check_closed_once(&data);
}

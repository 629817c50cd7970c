//! Long poll: how long it waits.

use std::time::{Duration, Instant};

use futures_util::join;
use serde_json::json;

use super::all_transports::{now, now_with};
use super::scripted::Scripted;
use crate::harness::Server;

#[actix_web::test]
async fn what_is_there_is_told_at_once() {
    let server = Server::start().await;
    let ann = server.user("ann").await;
    let before = now(&ann).await;
    ann.new_group("Team").await;
    now_with(&ann, 2).await;
    for wait in ["", "&wait=0", "&wait=60"] {
        let started = Instant::now();
        let answer = ann.get(&format!("/api/events?cursor={before}{wait}")).await;
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        let answer = answer.ok();
        assert_eq!(answer["items"].as_array().unwrap().len(), 2, "{answer}");
        assert_eq!(answer["cursor"], answer["items"][1]["cursor"]);
        assert!(started.elapsed() < Duration::from_secs(10));
    }
}

/// The commands of a poll before it waits: it proves who asks, and reads what there is.
const BEFORE_IT_WAITS: usize = 2;

#[actix_web::test]
async fn a_poll_waits_until_something_happens() {
    let server = Server::start().await;
    let ann = server.user("ann").await;
    let (storage, _, asking) = Scripted::serve(&server, &ann).await;
    let path = format!("/api/events?cursor={}&wait=60", now(&ann).await);
    let (started, waits) = (Instant::now(), storage.commands() + BEFORE_IT_WAITS);
    let act = async {
        storage.reached(waits).await;
        ann.new_group("Team").await;
    };
    let (answer, ()) = join!(asking.get(&path), act);
    assert_eq!(answer.ok()["items"][0]["type"], "group.created");
    assert!(started.elapsed() < Duration::from_secs(10));
}

#[actix_web::test]
async fn a_poll_to_which_nothing_happens_ends_with_nothing() {
    let server = Server::start().await;
    let ann = server.user("ann").await;
    let (cursor, started) = (now(&ann).await, Instant::now());
    let answer = ann.get(&format!("/api/events?cursor={cursor}&wait=1")).await.ok();
    assert_eq!(answer, json!({"items": [], "cursor": cursor}));
    assert!(started.elapsed() >= Duration::from_secs(1));
}

#[actix_web::test]
async fn a_time_to_wait_that_is_none_is_named() {
    let server = Server::start().await;
    let ann = server.user("ann").await;
    for (wait, code) in [("61", "out_of_range"), ("-1", "out_of_range"), ("x", "invalid_type")] {
        ann.get(&format!("/api/events?wait={wait}")).await.invalid(&[("wait", code)]);
    }
}

#[actix_web::test]
async fn a_poll_ends_with_its_session_and_with_the_server() {
    let server = Server::start().await;
    let (ann, bob) = (server.user("ann").await, server.user("bob").await);
    let path = format!("/api/events?cursor={}&wait=60", now(&ann).await);
    let (storage, _, asking) = Scripted::serve(&server, &ann).await;
    let waits = storage.commands() + BEFORE_IT_WAITS;
    let sign_out = async {
        storage.reached(waits).await;
        ann.post_empty("/api/logout").await.no_content();
    };
    join!(asking.get(&path), sign_out).0.refused(401, "invalid_key");

    let (storage, _, asking) = Scripted::serve(&server, &bob).await;
    let waits = storage.commands() + BEFORE_IT_WAITS;
    let stop = async {
        storage.reached(waits).await;
        server.state().live.stop();
    };
    join!(asking.get(&path), stop).0.refused(503, "unavailable");
}

//! Cursors that can't be served, and those that are none.

use actix_web::test::TestRequest;
use groupchat_domain::events::{Retention, prune};
use serde_json::Value;

use super::all_transports::{AllTransports, now, now_with};
use crate::harness::{Client, EventStream, Listening, Server, WebSocket};

#[actix_web::test]
async fn a_cursor_that_cannot_be_served_gives_one_gap_and_then_what_happens() {
    let server = Server::start().await;
    let ann = server.user("ann").await;
    let listening = Listening::start(&server);
    let group = ann.new_group("Team").await;
    let epoch = epoch(&ann).await;
    ann.say(&group, "long ago").await;
    now_with(&ann, 3).await;
    let keep_one = Retention { rows: 1, ..Retention::default() };
    assert!(!server.run(move |tx| prune(tx, keep_one).expect("the storage works")).await);
    for cursor in
        ["another-1".to_owned(), format!("{epoch}-9000"), format!("{epoch}-0"), format!("{epoch}-1")]
    {
        assert_hello_gives_nothing_away(&listening, &ann, &cursor).await;
        let mut all = AllTransports::open(&listening, &ann, Some(&cursor)).await;
        let gap = all.next().await;
        assert_eq!((&gap["type"], &gap["cursor"]), (&"gap".into(), &now(&ann).await.into()), "{cursor}");
        ann.say(&group, &cursor).await;
        assert_eq!(all.next().await["data"]["text"], cursor);
    }
    listening.stop().await;
}

/// Whoever is cut off before the gap comes back with the cursor that they had, and hears of it then.
async fn assert_hello_gives_nothing_away(listening: &Listening, ann: &Client, cursor: &str) {
    let query = format!("cursor={cursor}");
    let (_socket, hello) = WebSocket::open(listening, ann, &query).await;
    assert_eq!(hello["cursor"], Value::Null);
    let (stream, hello) = EventStream::open(listening, ann, &query).await;
    assert_eq!((&hello["cursor"], stream.last_id), (&Value::Null, None));
}

async fn epoch(client: &Client) -> String {
    now(client).await.split_once('-').expect("an epoch and a position").0.to_owned()
}

#[actix_web::test]
async fn a_malformed_cursor_is_named() {
    let server = Server::start().await;
    let ann = server.user("ann").await;
    for path in ["/api/events", "/api/events/stream", "/api/events/socket"] {
        for cursor in ["", "x", "1", "a-b", "a--1", "%00-1"] {
            let answer = ann.get(&format!("{path}?cursor={cursor}")).await;
            answer.invalid(&[("cursor", "invalid_format")]);
        }
    }
    let request = TestRequest::get().uri("/api/events/stream").insert_header(("Last-Event-ID", "x"));
    ann.send(request).await.invalid(&[("cursor", "invalid_format")]);
}

#[actix_web::test]
async fn the_last_event_of_a_browser_that_comes_back_wins_over_its_url() {
    let server = Server::start().await;
    let ann = server.user("ann").await;
    let listening = Listening::start(&server);
    let group = ann.new_group("Team").await;
    let before = now_with(&ann, 2).await;
    let (mut socket, _) = WebSocket::open(&listening, &ann, "").await;
    ann.say(&group, "one").await;
    ann.say(&group, "two").await;
    let first = socket.next().await;
    let request = EventStream::request(&listening, &format!("cursor={before}"))
        .header("X-API-Key", ann.key())
        .header("Last-Event-ID", first["cursor"].as_str().unwrap());
    let mut stream = EventStream::send(request).await;
    assert_eq!(stream.next().await["cursor"], first["cursor"]);
    assert_eq!(stream.next().await["data"]["text"], "two");
    listening.stop().await;
}

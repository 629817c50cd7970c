use std::io::{Read, Write};
use std::net::TcpStream;

use actix_web::rt::{spawn, task::spawn_blocking};
use actix_web::test::TestRequest;
use actix_web::{App, HttpServer, web};
use futures_util::future::poll_immediate;
use futures_util::{FutureExt, stream};
use serde::Deserialize;

use super::*;
use crate::state::State;
use crate::testing::state;

#[derive(Debug, PartialEq, Deserialize)]
struct Note {
    text: Option<String>,
}

async fn read(content_type: &str, body: impl Into<actix_web::web::Bytes>) -> Result<Note, ApiError> {
    let request = TestRequest::default().insert_header((CONTENT_TYPE, content_type)).set_payload(body);
    let (request, mut payload) = request.to_http_parts();
    Body::<Note>::from_request(&request, &mut payload).await.map(|body| body.0)
}

#[actix_web::test]
async fn json_is_taken_by_any_of_its_names() {
    for content_type in
        ["application/json", "Application/JSON; charset=utf-8", "application/merge-patch+json"]
    {
        let note = read(content_type, r#" {"text": "hi", "unknown": [1]} "#).await.unwrap();
        assert_eq!(note.text.as_deref(), Some("hi"), "{content_type}");
    }
}

#[actix_web::test]
async fn anything_else_is_refused() {
    for content_type in ["text/plain", "application/xml", "json", "text/json", "application/jsonx"] {
        let code = read(content_type, "{}").await.unwrap_err().code();
        assert_eq!(code, Code::UnsupportedMediaType, "{content_type}");
    }
}

#[actix_web::test]
async fn what_is_no_json_object_is_malformed() {
    for body in [
        "",
        "{",
        "{\"text\": \"\\ud800\"}",
        "[\"hi\"]",
        "\"hi\"",
        "7",
        "-7",
        "null",
        "true",
        "false",
        "{} {}",
        "{\"text\":}",
    ] {
        assert_eq!(read("application/json", body).await.unwrap_err().code(), Code::MalformedJson, "{body}");
    }
}

#[actix_web::test]
async fn a_field_of_the_wrong_type_is_named() {
    let error = read("application/json", r#"{"text": 7}"#).await.unwrap_err();
    assert_eq!(error.to_string(), "validation_failed: text: must be a string");
}

#[actix_web::test]
async fn a_body_over_the_limit_is_refused_with_and_without_a_length() {
    let fits = format!("{{\"text\": \"{}\"}}", "x".repeat(BODY_LIMIT - 20));
    assert!(read("application/json", fits).await.is_ok());
    let long = "x".repeat(BODY_LIMIT + 1);
    assert_eq!(read("text/plain", long.clone()).await.unwrap_err().code(), Code::PayloadTooLarge);
    let chunked = TestRequest::default().insert_header((CONTENT_TYPE, "application/json")).set_payload(long);
    let (_, mut payload) = chunked.to_http_parts();
    let (unannounced, _) =
        TestRequest::default().insert_header((CONTENT_TYPE, "application/json")).to_http_parts();
    assert!(check_headers(unannounced.headers(), BODY_LIMIT).is_ok());
    let reading = BodyReader::<Note>::new(&unannounced, payload.take(), BODY_TIMEOUT);
    assert_eq!(reading.await.unwrap_err().code(), Code::PayloadTooLarge);
}

/// What a server answers to a request whose body stalls, until it closes the connection.
async fn answer_to_stalled(body: &str) -> String {
    let stalled = |request: HttpRequest, payload: web::Payload| {
        BodyReader::<Note>::new(&request, payload.into_inner(), Duration::from_millis(20))
            .map(|read| read.map(|_| "read"))
    };
    let server = HttpServer::new(move || App::new().route("/", web::post().to(stalled)));
    let server = server.workers(1).disable_signals().bind("127.0.0.1:0").unwrap();
    let address = server.addrs()[0];
    let running = server.run();
    let handle = running.handle();
    spawn(running);
    let request = format!("POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n{body}");
    let answer = spawn_blocking(move || {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).map(|_| answer)
    });
    let answer = answer.await.unwrap().expect("the connection is closed");
    handle.stop(false).await;
    answer
}

#[actix_web::test]
async fn a_body_that_stalls_is_refused_and_its_connection_closed() {
    for body in [
        "Content-Length: 100\r\n\r\n",
        "Content-Length: 100\r\n\r\n{",
        "Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n",
    ] {
        let answer = answer_to_stalled(body).await;
        assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
        assert!(answer.to_lowercase().contains("connection: close"), "{answer}");
        assert!(answer.contains("request_timeout"), "{answer}");
    }
}

#[actix_web::test]
async fn a_body_that_is_there_starts_no_timer_and_takes_no_more_than_it_needs() {
    let body = format!("{{\"text\": \"{}\"}}", "x".repeat(1_000));
    let length = body.len();
    let request = TestRequest::default().insert_header((CONTENT_TYPE, "application/json"));
    let request = request.insert_header((CONTENT_LENGTH, length)).set_payload(body);
    let (request, mut payload) = request.to_http_parts();
    let mut reading = BodyReader::<Note>::new(&request, payload.take(), BODY_TIMEOUT);
    assert!(poll_immediate(&mut reading).await.expect("all is there").is_ok());
    assert!(reading.deadline.is_none());
    assert_eq!(reading.buffer.capacity(), length);
}

/// A body of which so much comes and no more.
fn stalling(bytes: usize) -> Payload {
    let first = stream::iter([Ok(Bytes::from(vec![b'x'; bytes]))]);
    let all = futures_util::StreamExt::chain(first, stream::pending());
    Payload::Stream { payload: Box::pin(all) }
}

fn announcing(length: usize, state: State) -> HttpRequest {
    TestRequest::default()
        .app_data(state)
        .insert_header((CONTENT_TYPE, "application/json"))
        .insert_header((CONTENT_LENGTH, length))
        .to_http_request()
}

#[actix_web::test]
async fn what_was_announced_takes_no_memory_until_it_comes() {
    let request = announcing(BODY_LIMIT, state());
    let mut reading = BodyReader::<Note>::new(&request, stalling(10), BODY_TIMEOUT);
    assert!(poll_immediate(&mut reading).await.is_none());
    assert!(reading.buffer.capacity() < 100, "{}", reading.buffer.capacity());
}

#[actix_web::test]
async fn a_body_of_a_stranger_is_small() {
    let request = announcing(OPEN_BODY_LIMIT + 1, state());
    let refused = Body::<Note, OPEN_BODY_LIMIT>::from_request(&request, &mut stalling(1)).await;
    assert_eq!(refused.unwrap_err().code(), Code::PayloadTooLarge);
    let refused = Body::<Note, OPEN_BODY_LIMIT>::from_request(
        &announcing(10, state()),
        &mut stalling(OPEN_BODY_LIMIT + 1),
    );
    assert_eq!(refused.await.unwrap_err().code(), Code::PayloadTooLarge);
}

#[actix_web::test]
async fn bodies_that_are_not_whole_count_as_their_callers_until_they_are_dropped() {
    let state = state();
    let mut held = Vec::new();
    let code = loop {
        let request = announcing(BODY_LIMIT, state.clone());
        let mut reading = BodyReader::<Note>::new(&request, stalling(200_000), BODY_TIMEOUT);
        match poll_immediate(&mut reading).await {
            None => held.push(reading),
            Some(read) => break read.unwrap_err().code(),
        }
        assert!(held.len() < 100, "there is an end");
    };
    assert_eq!((held.len(), code), (6, Code::TooManyRequests));
    held.clear();
    let mut reading =
        BodyReader::<Note>::new(&announcing(BODY_LIMIT, state.clone()), stalling(200_000), BODY_TIMEOUT);
    assert!(poll_immediate(&mut reading).await.is_none());
}

//! What a client sends on a socket.

use actix_web::dev::Payload as Body;
use actix_web::error::PayloadError;
use actix_web::http::header::{CONNECTION, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, UPGRADE};
use actix_web::test::TestRequest;
use actix_web::web::{Bytes, Payload};
use actix_web::{FromRequest, HttpRequest};
use actix_ws::AggregatedMessage;
use futures_util::{FutureExt, StreamExt, stream};
use serde_json::Value;

use super::fault::FrameFault;
use super::requests::{MAX_ID_LENGTH, SocketRequest};
use super::{Handshake, MAX_MESSAGE_BYTES, replies};
use crate::problem::{ApiError, Code};

/// What was received.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Received {
    Text(String),
    Binary(usize),
    Control(usize),
    Close,
}

/// Frames in whatever pieces they arrive are the same messages, none of them larger than allowed, and their end is
/// found. A text is a request, or rejected with a reply that has its id.
pub fn frames(bytes: &[u8]) {
    if let Ok(text) = str::from_utf8(bytes) {
        request(text);
    }
    let whole = receive(bytes, usize::MAX);
    for message in &whole {
        if let Received::Text(text) = message {
            assert!(text.len() <= MAX_MESSAGE_BYTES);
            request(text);
        }
    }
    assert_eq!(receive(bytes, 1), whole);
    assert_eq!(receive(bytes, 11), whole);
}

/// Receives messages up to the first fault.
fn receive(bytes: &[u8], piece: usize) -> Vec<Received> {
    let (request, body) = handshake(bytes, piece);
    let Ok(Handshake { mut frames, progress, .. }) = Handshake::of(&request, body) else {
        panic!("a valid handshake");
    };
    let mut received = Vec::new();
    loop {
        // Each message has a byte at least.
        assert!(received.len() <= bytes.len());
        let message = match frames.next().now_or_never().expect("all bytes are there") {
            None => return received,
            Some(Ok(message)) => message,
            Some(Err(error)) => {
                FrameFault::of(&error, &progress);
                return received;
            }
        };
        received.push(match message {
            AggregatedMessage::Text(text) => {
                progress.made();
                Received::Text(text.to_string())
            }
            AggregatedMessage::Binary(bytes) => {
                progress.made();
                Received::Binary(bytes.len())
            }
            AggregatedMessage::Ping(bytes) | AggregatedMessage::Pong(bytes) => {
                progress.had_control(bytes.len());
                Received::Control(bytes.len())
            }
            AggregatedMessage::Close(_) => Received::Close,
        });
        if received.last() == Some(&Received::Close) {
            return received;
        }
    }
}

/// A handshake, and the bytes behind it, in pieces.
fn handshake(bytes: &[u8], piece: usize) -> (HttpRequest, Payload) {
    let request = TestRequest::default()
        .insert_header((CONNECTION, "Upgrade"))
        .insert_header((UPGRADE, "websocket"))
        .insert_header((SEC_WEBSOCKET_VERSION, "13"))
        .insert_header((SEC_WEBSOCKET_KEY, "dGhlIHNhbXBsZSBub25jZQ=="))
        .to_http_request();
    let pieces: Vec<_> = bytes.chunks(piece.min(bytes.len().max(1))).map(Bytes::copy_from_slice).collect();
    let stream = stream::iter(pieces.into_iter().map(Ok::<_, PayloadError>)).boxed_local();
    let body = Payload::from_request(&request, &mut Body::Stream { payload: stream });
    (request, body.into_inner().expect("a body of a request"))
}

fn request(text: &str) {
    let (id, request) = SocketRequest::parse(text);
    assert!(match &id {
        Value::Null | Value::Number(_) => true,
        Value::String(id) => id.chars().count() <= MAX_ID_LENGTH,
        _ => false,
    });
    let error = match request {
        Ok(_) => ApiError::new(Code::TooManyRequests, "too many requests"),
        Err(error) => error,
    };
    let reply = replies::refuse(text, &error);
    let (echoed, _) = SocketRequest::parse(&reply);
    assert_eq!(echoed, id, "{reply}");
    let is_rejection = matches!(
        error.code(),
        Code::MalformedJson | Code::ValidationFailed | Code::NotSupported | Code::TooManyRequests
    );
    assert!(is_rejection, "{reply}");
}

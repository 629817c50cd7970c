//! The WebSocket (RFC 6455): events out, requests in, on one connection.
//!
//! `connection` runs it, `requests` contains the requests of clients, `pace` their rate limit, and `close` the close
//! codes. `bounded` keeps a client from filling the memory, and `fault` names what can be wrong with its input.

mod bounded;
mod close;
mod connection;
mod fault;
mod pace;
mod requests;

use std::pin::Pin;
use std::sync::Arc;

use actix_web::dev::Payload as Body;
use actix_web::error::PayloadError;
use actix_web::http::header::{HeaderMap, SEC_WEBSOCKET_VERSION, TRANSFER_ENCODING, UPGRADE};
use actix_web::web::{Bytes, Payload};
use actix_web::{FromRequest, HttpRequest, HttpResponse};
use actix_ws::{AggregatedMessageStream, Session};
use futures_util::Stream;
use groupchat_domain::storage::Claim;

use self::bounded::{Bounded, Progress};
pub(crate) use self::close::code as close_code;
use self::connection::{Connection, Transport};
pub(crate) use self::requests::{LONGEST_ID, PresenceRequest, TypingRequest};
use super::listener::Listener;
use super::places::{Unsent, seated};
use crate::problem::{ApiError, Code};
use crate::state::State;

/// The largest frame, and the largest message of several frames, in bytes: above the longest text with each of its
/// characters escaped.
pub(crate) const LARGEST_MESSAGE: usize = 128 << 10;

/// The most bytes that may come without a whole message. Above the largest one, so that one that is a little too large
/// can be rejected without ending the connection; and by so much that what comes right behind a message, all of which
/// is taken at once, does not count against it.
const MOST_UNREAD: usize = 4 * LARGEST_MESSAGE;

/// A handshake that is a good one, before anything is answered.
pub(super) struct Handshake {
    response: HttpResponse,
    session: Session,
    frames: AggregatedMessageStream,
    progress: Progress,
}

impl Handshake {
    /// Looks whether the request is one. Nothing is read of the body yet.
    ///
    /// # Errors
    /// 426, if a WebSocket isn't asked for, or not in version 13; 400, if it is in a wrong way.
    pub(super) fn of(request: &HttpRequest, body: Payload) -> Result<Self, ApiError> {
        if !asks_for_socket(request.headers()) {
            let detail = "this is a WebSocket; send Upgrade: websocket and no other protocol";
            return Err(ApiError::new(Code::UpgradeRequired, detail));
        }
        if request.headers().get(SEC_WEBSOCKET_VERSION).is_none_or(|version| version != "13") {
            let detail = "send Sec-WebSocket-Version: 13";
            return Err(ApiError::new(Code::UpgradeRequired, detail));
        }
        let (bounded, progress) = Bounded::new(body, MOST_UNREAD);
        let bytes: Pin<Box<dyn Stream<Item = Result<Bytes, PayloadError>>>> = Box::pin(bounded);
        let body = Payload::from_request(request, &mut Body::Stream { payload: bytes });
        let (response, session, frames) =
            actix_ws::handle(request, body.into_inner().map_err(ApiError::internal)?).map_err(|error| {
                ApiError::new(Code::BadRequest, format!("not a WebSocket handshake: {error}"))
            })?;
        let frames = frames
            .max_frame_size(LARGEST_MESSAGE)
            .aggregate_continuations()
            .max_continuation_size(LARGEST_MESSAGE);
        Ok(Self { response, session, frames, progress })
    }

    /// Answers it; the connection lives on in a task of its own.
    pub(super) fn answer(self, state: &State, listener: Listener, claim: Claim) -> HttpResponse {
        let Self { response, session, frames, progress } = self;
        let (place, outbox, unsent) = (listener.place(), listener.outbox(), Unsent::default());
        let transport = Transport { session, outbox: Arc::clone(&outbox), unsent: unsent.clone() };
        let connection = Connection::new(State::clone(state), listener, claim, transport, progress);
        actix_web::rt::spawn(connection.serve(frames));
        seated(response, place, outbox, unsent)
    }
}

/// What is below takes nothing else for a handshake, and would pass no frames on.
fn asks_for_socket(headers: &HeaderMap) -> bool {
    let upgrade = headers.get(UPGRADE).map(|value| value.as_bytes().trim_ascii());
    let has_frames = !headers.contains_key(TRANSFER_ENCODING);
    has_frames && upgrade.is_some_and(|value| value.eq_ignore_ascii_case(b"websocket"))
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn a_handshake_is_only_what_the_connection_takes_for_one() {
        let asks = |headers: &[(&str, &str)]| {
            let request =
                headers.iter().fold(TestRequest::default(), |request, header| request.append_header(*header));
            asks_for_socket(request.to_http_request().headers())
        };
        assert!(asks(&[("Upgrade", "websocket")]) && asks(&[("Upgrade", " WebSocket ")]));
        for upgrade in ["h2c, websocket", "websocket, h2c", "websocket,", "websocket/13", ""] {
            assert!(!asks(&[("Upgrade", upgrade)]), "{upgrade}");
        }
        assert!(!asks(&[("Upgrade", "websocket"), ("Transfer-Encoding", "chunked")]));
        assert!(!asks(&[]));
    }
}

//! The WebSocket (RFC 6455): events out, requests in, on one connection.
//!
//! `connection` runs it, `requests` parses the requests of clients, `replies` executes them, `rate_limiter` limits
//! their rate, and `close` has the close codes. `bounded` keeps a client from filling the memory, and `fault` names
//! what can be wrong with its input.

mod bounded;
mod close;
mod connection;
mod fault;
#[cfg(any(test, fuzzing))]
mod fuzzing;
mod rate_limiter;
mod replies;
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
use groupchat_domain::storage::Principal;

pub(crate) use self::bounded::MAX_MESSAGE_BYTES;
use self::bounded::{Bounded, FrameProgress, MAX_UNREAD_BYTES};
pub(crate) use self::close::code as close_code;
use self::connection::{SocketConnection, Transport};
#[cfg(any(test, fuzzing))]
pub use self::fuzzing::frames;
pub(crate) use self::requests::{MAX_ID_LENGTH, PresenceRequest, ReadRequest, TypingRequest};
use super::connection_limiter::{Unsent, with_permit};
use super::subscriber::HttpSubscriber;
use crate::problem::{ApiError, Code};
use crate::state::State;

/// A valid handshake that has not been answered yet.
pub(super) struct Handshake {
    response: HttpResponse,
    session: Session,
    frames: AggregatedMessageStream,
    progress: FrameProgress,
}

impl Handshake {
    /// Checks whether the request is one. Doesn't read the body.
    ///
    /// # Errors
    /// 426 if it doesn't ask for a WebSocket of version 13, 400 if the handshake is invalid.
    pub(super) fn of(request: &HttpRequest, body: Payload) -> Result<Self, ApiError> {
        if !asks_for_socket(request.headers()) {
            let detail = "this is a WebSocket; send Upgrade: websocket and no other protocol";
            return Err(ApiError::new(Code::UpgradeRequired, detail));
        }
        if request.headers().get(SEC_WEBSOCKET_VERSION).is_none_or(|version| version != "13") {
            let detail = "send Sec-WebSocket-Version: 13";
            return Err(ApiError::new(Code::UpgradeRequired, detail));
        }
        let (bounded, progress) = Bounded::new(body, MAX_UNREAD_BYTES);
        let bytes: Pin<Box<dyn Stream<Item = Result<Bytes, PayloadError>>>> = Box::pin(bounded);
        let body = Payload::from_request(request, &mut Body::Stream { payload: bytes });
        let (response, session, frames) =
            actix_ws::handle(request, body.into_inner().map_err(ApiError::internal)?).map_err(|error| {
                ApiError::new(Code::BadRequest, format!("not a WebSocket handshake: {error}"))
            })?;
        let frames = frames
            .max_frame_size(MAX_MESSAGE_BYTES)
            .aggregate_continuations()
            .max_continuation_size(MAX_MESSAGE_BYTES);
        Ok(Self { response, session, frames, progress })
    }

    /// Responds, and runs the connection in its own task.
    pub(super) fn answer(
        self,
        state: &State,
        subscriber: HttpSubscriber,
        principal: Principal,
    ) -> HttpResponse {
        let Self { response, session, frames, progress } = self;
        let (permit, send_buffer, unsent) =
            (subscriber.permit(), subscriber.send_buffer(), Unsent::default());
        let transport = Transport { session, send_buffer: Arc::clone(&send_buffer), unsent: unsent.clone() };
        let connection =
            SocketConnection::new(State::clone(state), subscriber, principal, transport, progress);
        actix_web::rt::spawn(connection.serve(frames));
        with_permit(response, permit, send_buffer, unsent)
    }
}

/// actix-http recognizes only this as a handshake, and would otherwise pass on no frames.
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
    fn only_valid_handshakes_are_accepted() {
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

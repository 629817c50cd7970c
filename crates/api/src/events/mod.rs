//! Events, live and since a cursor: over WebSocket, server-sent events and long polling.
//!
//! `subscriber` is what the transports share: a subscriber of the domain, whose events it renders. `dto` is an event as
//! clients receive it, the same on every transport, `shape` what the events of each type have in common, and `catalog`
//! lists them all.
//! `credential` and `origin` decide who may listen, `connection_limiter` how many connections a user may have, and
//! `send_buffer` how much is buffered for clients that don't read.

mod answers;
mod catalog;
mod connection_limiter;
mod credential;
mod dto;
mod ephemeral_type;
mod handlers;
mod origin;
mod output;
mod poll;
mod requests;
mod retrying;
mod routes;
mod schema;
mod send_buffer;
mod shape;
mod socket;
mod stream;
mod subscriber;
mod timing;
mod values;

pub(crate) use catalog::shapes;
pub(crate) use connection_limiter::EventConnectionLimiter;
pub(crate) use dto::{ComeBackDto, EndDto, EventDto, HelloDto, PresenceDto, RemovedDto, TypingDto};
#[cfg(test)]
pub(crate) use ephemeral_type::EphemeralType;
#[cfg(any(test, fuzzing))]
pub(crate) use requests::queries;
pub(crate) use routes::FEATURE;
pub(crate) use shape::{Nullness, Shape, Transports};
#[cfg(any(test, fuzzing))]
pub use socket::frames;
pub(crate) use socket::{
    MAX_ID_LENGTH, MAX_MESSAGE_BYTES, PresenceRequest, ReadRequest, TypingRequest, close_code,
};
pub(crate) use timing::WRITE_TIMEOUT;

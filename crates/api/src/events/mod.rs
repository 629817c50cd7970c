//! Events, live and since a cursor: over WebSocket, server-sent events and long polling.
//!
//! `listener` is what the transports share: a subscriber of the domain, whose events it renders. `dto` is an event as
//! clients receive it, the same on every transport. `caller` and `origin` decide who may listen, `places` how many
//! connections a user may have, and `room` how much is buffered for clients that don't read.

mod answers;
mod caller;
mod dto;
mod handlers;
mod listener;
mod origin;
mod patient;
mod places;
mod poll;
mod requests;
mod room;
mod routes;
mod schema;
mod socket;
mod stream;
mod timing;
mod told;
mod unlogged;
mod values;

pub(crate) use dto::{
    ComeBackDto, EndDto, EventDto, HelloDto, PresenceDto, ReadUpdateDto, RemovedDto, TypingDto,
};
pub(crate) use places::Places;
pub(crate) use routes::FEATURE;
pub use routes::routes;
pub(crate) use socket::{LARGEST_MESSAGE, LONGEST_ID, PresenceRequest, TypingRequest, close_code};
pub(crate) use timing::PATIENCE;
pub(crate) use unlogged::Unlogged;

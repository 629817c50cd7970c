//! Events as they happen and since a cursor: over WebSocket, server-sent events and long poll.
//!
//! `listener` is what the transports share: it knows the log, the live feed and the seam between them, and nothing of
//! frames; `reads` is what it reads. `dto` is an event as clients get it, the same on every transport. `caller` and
//! `origin` say who may listen, `places` how many times at once, `room` how much is kept for whoever
//! does not take it.

mod answers;
mod caller;
mod dto;
mod handlers;
mod listener;
mod origin;
mod places;
mod poll;
mod reads;
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
pub(crate) use told::End;
pub(crate) use unlogged::Unlogged;

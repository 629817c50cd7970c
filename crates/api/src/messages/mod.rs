//! Messages, likes and read cursors.

mod dto;
mod handlers;
mod requests;
mod routes;
mod values;
mod window;

pub use dto::MessageDto;
pub(crate) use dto::ReadStateDto;
pub(crate) use requests::{MessageDraftDto, ReadMarkDto};
#[cfg(any(test, fuzzing))]
pub(crate) use requests::{bodies, queries};
pub(crate) use routes::FEATURE;

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
pub(crate) use routes::FEATURE;
pub use routes::routes;

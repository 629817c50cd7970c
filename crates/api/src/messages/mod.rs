//! Messages, likes and read cursors.

mod dto;
mod handlers;
mod requests;
mod routes;
mod window;

pub use dto::MessageDto;
pub(crate) use dto::ReadStateDto;
pub(crate) use requests::{MessageDraftDto, ReadMarkDto};
pub use routes::routes;

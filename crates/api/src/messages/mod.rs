//! Messages, likes and read cursors.

mod dto;
mod handlers;
mod requests;
mod routes;
mod window;

pub use dto::MessageDto;
pub use routes::routes;

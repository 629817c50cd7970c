//! Signing in, users and sessions.

mod dto;
mod handlers;
mod requests;
mod routes;
mod session_handlers;

pub use dto::{UserDto, UserRefDto};
pub use routes::routes;

//! Login, users and sessions.

mod dto;
mod handlers;
mod requests;
mod routes;
mod session_handlers;
mod values;

pub use dto::{UserDto, UserRefDto};
pub(crate) use routes::FEATURE;
pub use routes::routes;
pub(crate) use values::TypedUsername;

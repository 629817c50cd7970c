//! Login, users and sessions.

mod dto;
mod handlers;
mod requests;
mod routes;
mod session_handlers;
mod values;

pub use dto::{UserDto, UserRefDto};
#[cfg(any(test, fuzzing))]
pub(crate) use requests::{bodies, queries};
pub(crate) use routes::FEATURE;
pub(crate) use values::TypedUsername;

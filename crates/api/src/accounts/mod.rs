//! Login, users and sessions.

mod block_handlers;
mod device_header;
mod dto;
mod handlers;
mod requests;
mod role_dto;
mod role_handlers;
mod routes;
mod session_handlers;
mod values;

pub use dto::{UserDto, UserRefDto};
#[cfg(any(test, fuzzing))]
pub(crate) use requests::{bodies, queries};
pub use role_dto::{RolesOfUserDto, ServerRolesDto};
pub(crate) use routes::FEATURE;
pub(crate) use values::{Address, TypedUsername, UserAgent};

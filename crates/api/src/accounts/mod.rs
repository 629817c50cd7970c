//! Login, users and sessions.

mod block_handlers;
mod device_header;
mod dto;
mod export;
mod handlers;
mod own_handlers;
mod requests;
mod reset_handlers;
mod reset_requests;
mod role_dto;
mod role_handlers;
mod routes;
mod session_handlers;
mod values;

pub(crate) use device_header::DeviceHeader;
pub(crate) use dto::LoginDto;
pub use dto::{UserDto, UserRefDto};
pub(crate) use handlers::login_ports;
#[cfg(any(test, fuzzing))]
pub(crate) use requests::{bodies, queries};
pub use role_dto::{RolesOfUserDto, ServerRolesDto};
pub(crate) use routes::FEATURE;
pub(crate) use values::{Address, TypedUsername, UserAgent};

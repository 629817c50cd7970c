//! Groups and their members.

mod dto;
mod handlers;
mod member_handlers;
mod requests;
mod routes;
mod values;

pub use dto::{GroupDto, MemberDto};
#[cfg(any(test, fuzzing))]
pub(crate) use requests::{bodies, queries};
pub(crate) use routes::FEATURE;

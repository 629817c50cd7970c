//! Groups and their members.

mod dto;
mod handlers;
mod member_handlers;
mod requests;
mod routes;
mod values;

pub use dto::{GroupDto, MemberDto};
pub(crate) use routes::FEATURE;
pub use routes::routes;

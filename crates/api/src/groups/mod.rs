//! Groups and their members.

mod dto;
mod handlers;
mod member_handlers;
mod requests;
mod routes;

pub use dto::{GroupDto, MemberDto};
pub use routes::routes;

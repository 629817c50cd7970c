//! Ways into groups besides being added: joining, requests to join, invitations, and invite links.

mod dto;
mod handlers;
mod link_dto;
mod link_handlers;
mod request_handlers;
mod requests;
mod routes;
mod values;

pub(crate) use dto::{InvitationDto, JoinRequestDto};
#[cfg(any(test, fuzzing))]
pub(crate) use requests::bodies;
pub(crate) use routes::FEATURE;
pub(crate) use values::CodeText;

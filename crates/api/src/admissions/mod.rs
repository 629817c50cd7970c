//! Ways into groups besides being added: joining, requests to join, and invitations.

mod dto;
mod handlers;
mod request_handlers;
mod requests;
mod routes;
mod values;

pub(crate) use dto::{InvitationDto, JoinRequestDto};
#[cfg(any(test, fuzzing))]
pub(crate) use requests::bodies;
pub(crate) use routes::FEATURE;

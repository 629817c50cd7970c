//! Ways into groups besides joining and being added: invitations.

mod dto;
mod handlers;
mod requests;
mod routes;
mod values;

pub(crate) use dto::InvitationDto;
#[cfg(any(test, fuzzing))]
pub(crate) use requests::bodies;
pub(crate) use routes::FEATURE;

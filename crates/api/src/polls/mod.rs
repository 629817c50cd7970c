//! Polls.

mod dto;
mod handlers;
mod requests;
mod routes;
mod values;

pub(crate) use dto::{PollDto, PollUpdateDto};
pub(crate) use requests::PollDraftDto;
#[cfg(any(test, fuzzing))]
pub(crate) use requests::bodies;
pub(crate) use routes::FEATURE;
pub(crate) use values::MaxChoices;

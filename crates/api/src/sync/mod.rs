//! What a client shows first, in one call.

mod dto;
mod handlers;
mod requests;
mod routes;

#[cfg(any(test, fuzzing))]
pub(crate) use requests::queries;
pub(crate) use routes::FEATURE;

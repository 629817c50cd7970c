//! Messages that are sent later.

mod dto;
mod handlers;
mod requests;
mod routes;
mod values;

#[cfg(any(test, fuzzing))]
pub(crate) use requests::bodies;
pub(crate) use routes::FEATURE;

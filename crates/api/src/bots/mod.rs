//! Bots.

mod handlers;
mod requests;
mod routes;

#[cfg(any(test, fuzzing))]
pub(crate) use requests::{bodies, queries};
pub(crate) use routes::FEATURE;

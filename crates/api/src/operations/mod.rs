//! For those who run the server: is it well, and which one is it.

mod dto;
mod handlers;
mod health;
mod routes;

pub(crate) use health::HealthProbe;
pub(crate) use routes::FEATURE;
pub use routes::routes;

//! For operators: the health and the version of the server.

mod dto;
mod handlers;
mod health;
mod routes;

pub(crate) use health::HealthProbe;
pub(crate) use routes::FEATURE;

//! Second factors.

mod dto;
mod handlers;
mod passkey_dto;
mod passkey_handlers;
mod passkey_requests;
mod requests;
mod routes;
mod values;

pub(crate) use handlers::factor_ports;
pub(crate) use requests::ProofRequest;
#[cfg(any(test, fuzzing))]
pub(crate) use requests::bodies;
pub(crate) use routes::FEATURE;

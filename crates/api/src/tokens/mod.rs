//! Tokens.

mod dto;
mod handlers;
mod requests;
mod routes;
mod values;

pub(crate) use dto::{NewTokenDto, TokenDto};
pub(crate) use requests::TokenDraftDto;
#[cfg(any(test, fuzzing))]
pub(crate) use requests::bodies;
pub(crate) use routes::FEATURE;

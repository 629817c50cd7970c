//! For those who run the server: is it well, and which one is it.

mod dto;
mod handlers;
mod routes;

pub use routes::routes;

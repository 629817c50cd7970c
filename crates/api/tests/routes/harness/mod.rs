//! What the tests share: a server of their own, clients that talk to it, and checks of its answers.

mod answer;
mod client;
mod clock;
mod database;
mod documented;
mod server;
mod socket;

pub use answer::{Answer, assert_fields, time};
pub use client::Client;
pub use server::{PASSWORD, Server};
pub use socket::Listening;

//! What the tests share: a server of their own, clients that talk to it, and checks of its answers.

mod answer;
mod client;
mod clock;
mod database;
mod documented;
mod event_stream;
mod hub;
mod listed;
mod server;
mod socket;
mod told;
mod websocket;

pub use groupchat_testing::Transport;

pub use answer::{Answer, assert_fields, time};
pub use client::{Client, id_in};
pub use database::Database;
pub use event_stream::EventStream;
pub use listed::assert_listed;
pub use server::{PASSWORD, Server};
pub use socket::Listening;
pub use told::{assert_asked, assert_told};
pub use websocket::WebSocket;

//! What the tests share: a server of their own, clients that talk to it, and checks of its answers.

mod answer;
mod client;
mod clock;
mod database;
mod documented;
mod event_stream;
mod hub;
mod listed;
mod outbox;
mod server;
mod socket;
mod told;
mod websocket;

pub(crate) use groupchat_testing::Transport;

pub(crate) use answer::{Answer, assert_fields, time};
pub(crate) use client::{Client, id_in};
pub(crate) use database::Database;
pub(crate) use event_stream::EventStream;
pub(crate) use listed::assert_listed;
pub(crate) use outbox::{Outbox, codes};
pub(crate) use server::{PASSWORD, Server};
pub(crate) use socket::Listening;
pub(crate) use told::{assert_asked, assert_told};
pub(crate) use websocket::WebSocket;

//! The ports of groupchat on Diesel (SQLite, PostgreSQL), bcrypt, random tokens and the clock.
//!
//! The two databases share the `executor` (queues, threads), the `repositories` with their `schema`, and the
//! transaction that a use case sees (`tx`). `connection` compiles each query for both. Each database has its own way to
//! run commands on connections and to make them durable: [`sqlite`] and, with the feature of that name, `postgres`.

mod connection;
mod database;
mod event_log;
mod executor;
mod fault;
mod guarded;
mod hub;
mod key_activity;
mod migrations;
mod observer;
mod refold;
mod repositories;
mod schema;
mod schema_text;
mod time_limit;
mod tx;

pub mod attempts;
pub mod check;
pub mod clock;
pub mod disk_space;
pub mod hasher;
pub mod journal;
pub mod keys;
pub mod pace;
#[cfg(feature = "postgres")]
pub mod postgres;
pub mod sqlite;
pub mod transfer;

pub use database::DatabaseStorage;
pub use executor::queue::QueueLimits;
pub use guarded::GuardedStorage;
pub use hub::{HubOptions, LocalHub};
pub use observer::StatementObserver;

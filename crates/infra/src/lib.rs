//! The ports of groupchat on Diesel (SQLite, PostgreSQL), bcrypt, random tokens and the clock.
//!
//! The two databases share the `executor` (queues, threads), the repositories (a folder for each feature, and `sql` for
//! what they have in common) with their `schema`, and the transaction that a use case sees (`tx`). `connection`
//! compiles each query for both. Each database has its own way to run commands on connections and to make them durable:
//! [`sqlite`] and, with the feature of that name, `postgres`.

mod admissions;
mod checksum;
mod connection;
mod database;
mod encoding;
mod events;
mod executor;
mod fault;
pub mod groups;
mod guarded;
mod hex;
mod jobs;
mod messages;
mod migrations;
mod observer;
mod permissions;
mod polls;
mod refold;
mod retention;
mod rows;
mod saved;
mod scheduled;
mod schema;
mod schema_text;
mod sql;
mod sync;
mod time_limit;
mod tx;

pub mod accounts;
pub mod audit;
pub mod check;
pub mod clock;
pub mod disk_space;
pub mod factors;
pub mod mail;
#[cfg(feature = "postgres")]
pub mod postgres;
pub mod private_file;
pub mod request_limiter;
pub mod secrets;
pub mod sqlite;
pub mod transfer;
pub mod write_limiter;

pub use database::DatabaseStorage;
pub use events::hub::{HubOptions, LocalHub};
pub use executor::queue::QueueLimits;
pub use guarded::LimitedStorage;
pub use observer::StatementObserver;

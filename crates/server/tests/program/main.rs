//! The built program, over real sockets, with a client that is not ours.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test fails by panicking, and prints its seed"
)]

mod audit;
mod bots;
mod check;
mod clocks;
mod commands;
mod compatibility;
mod configuration;
mod connections;
mod crash;
mod enumeration;
mod events;
mod exports;
#[allow(dead_code, unused_imports, reason = "other test programs use more of it")]
mod harness;
mod health;
mod jobs;
mod logins;
mod logs;
mod migrate_database;
mod polls;
mod races;
mod reloading;
mod retention;
mod scheduled;
mod secrets;
mod start_and_stop;
mod static_files;
mod tls;
mod tokens;
mod users;

// The tests above run on the embedded database, and with the feature `postgres` on a PostgreSQL server. Two groups
// can only run on one of them:

/// About the file of the embedded database: who may use its folder, what becomes of it on a full disk, and the
/// commands that copy it, which refuse to work on a PostgreSQL server (`postgres::refusals`).
#[cfg(not(feature = "postgres"))]
mod sqlite;

/// About a server that is another program on another machine: reaching it, losing it, sharing it.
#[cfg(feature = "postgres")]
mod postgres;
mod write_limiter;

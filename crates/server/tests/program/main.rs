//! The built program, over real sockets, with a client that is not ours.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test fails by panicking, and prints its seed"
)]

mod backup;
mod check;
mod commands;
mod compatibility;
mod configuration;
mod crash;
mod harness;
#[cfg(unix)]
mod health;
mod jobs;
mod logs;
mod races;
mod restore_crash;
mod start_and_stop;
mod users;

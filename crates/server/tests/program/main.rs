//! The built program, over real sockets, with a client that is not ours.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test fails by panicking, and prints its seed")]

mod compatibility;
mod crash;
mod harness;
mod jobs;
mod races;
mod start_and_stop;

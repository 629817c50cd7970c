//! The hub on real databases: whoever listens gets what the log has for them, all of it, once, and in order; while
//! others write, join and leave, and however often the listener goes and comes back.
#![allow(clippy::unwrap_used, reason = "a failure ends the test")]

mod another_log;
mod client;
mod faults;
mod following;
mod log;
mod membership;
mod seam;
#[path = "../support/mod.rs"]
mod support;
mod world;

//! Moving everything from one database into another: what arrives, what is rejected, what is noticed.
//!
//! Without the feature `postgres`, from SQLite to SQLite alone.
#![allow(clippy::unwrap_used, reason = "a failure ends the test")]

mod contents;
mod copies;
mod endpoints;
mod filled;
#[cfg(feature = "postgres")]
mod postgres;
mod refusals;
#[cfg(feature = "postgres")]
mod renumbering;
#[allow(dead_code, reason = "the rest is for the tests of the schemas")]
#[path = "../schema/rows/mod.rs"]
mod rows;
#[path = "../support/mod.rs"]
mod support;
mod tampering;

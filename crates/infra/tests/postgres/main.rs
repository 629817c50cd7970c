//! What is PostgreSQL's own in the storage: connections that are lost, conflicts, limits, opening and shutting down,
//! and the check of a database. On a real server.
#![cfg(feature = "postgres")]
#![allow(clippy::unwrap_used, reason = "a failure ends the test")]

mod checking;
mod conflicts;
mod console;
mod database;
mod failover;
mod faults;
mod limits;
mod locks;
mod losses;
mod notices;
mod opening;
mod queueing;
mod reading;
mod restores;
mod sessions;
mod shutdown;
mod starts;
#[path = "../support/mod.rs"]
mod support;

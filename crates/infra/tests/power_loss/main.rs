//! What is acknowledged survives a power failure: a server works on a folder whose writes and syncs are recorded. Then
//! another one starts on what a disk could contain if the power had failed at one of many moments (the crate
//! `groupchat-power-loss`), and must find everything that was acknowledged.
// With PostgreSQL, it is the same SQLite.
#![cfg(all(target_os = "linux", not(feature = "postgres")))]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod commands;
mod consistency;
mod crashes;
mod drawn;
mod faults;
mod inspection;
mod ledger;
mod moving;
mod omissions;
#[path = "../support/plain_hasher.rs"]
mod plain_hasher;
#[path = "../support/plain_sealer.rs"]
mod plain_sealer;
mod points;
mod rotation;
mod scenarios;
mod scene;
mod sends;
mod server;
mod snapshot;
mod traffic;

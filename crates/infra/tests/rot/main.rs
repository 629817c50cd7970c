//! Bits that rot: what is stored is damaged in every way that a disk may damage it, and somebody notices. On SQLite,
//! whose pages have no checksums of their own.
#![allow(clippy::unwrap_used, reason = "a failure ends the test")]

mod audited;
mod belongings;
mod bots;
mod chat;
mod credentials;
mod drill;
mod flips;
mod kept;
mod pages;
mod starts;
#[path = "../support/mod.rs"]
mod support;

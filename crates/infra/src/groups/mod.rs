//! Groups and their members.

mod bans;
pub mod journal;
mod members;
pub(crate) mod mutes;
pub(crate) mod purge;
pub(crate) mod repository;

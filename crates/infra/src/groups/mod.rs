//! Groups and their members.

mod bans;
mod members;
pub(crate) mod purge;
mod repository;

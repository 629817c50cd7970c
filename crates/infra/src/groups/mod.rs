//! Groups and their members.

mod members;
pub(crate) mod purge;
mod repository;

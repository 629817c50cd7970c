//! Messages, threads, reactions and read cursors.

mod by_time;
mod checksum;
mod edits;
mod quotes;
pub(crate) mod reactions;
pub(crate) mod read_cursors;
pub(crate) mod repository;
mod threads;

pub(crate) use checksum::DamagedMessage;

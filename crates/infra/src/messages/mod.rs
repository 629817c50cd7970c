//! Messages, threads, reactions, mentions and read cursors.

mod authored;
mod by_time;
mod checksum;
mod edits;
mod mentions;
pub(crate) mod quotes;
pub(crate) mod reactions;
pub(crate) mod read_cursors;
pub(crate) mod repository;
mod threads;
pub(crate) mod unread_mentions;

pub(crate) use checksum::DamagedMessage;

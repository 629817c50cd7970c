//! Messages, threads, reactions and read cursors.

mod checksum;
pub(crate) mod reactions;
pub(crate) mod repository;
mod threads;

pub(crate) use checksum::DamagedMessage;

//! Messages, reactions and read cursors.

mod checksum;
pub(crate) mod reactions;
pub(crate) mod repository;

pub(crate) use checksum::DamagedMessage;

//! Messages, likes and read cursors.

mod checksum;
pub(crate) mod repository;

pub(crate) use checksum::DamagedMessage;

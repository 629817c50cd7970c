//! Messages, likes and read cursors.

pub(crate) mod repository;

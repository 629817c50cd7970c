//! Roles of groups.

mod repository;
pub(crate) mod rows;

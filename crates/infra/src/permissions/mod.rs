//! Roles of groups and on the server.

mod repository;
pub(crate) mod rows;
mod server_roles;

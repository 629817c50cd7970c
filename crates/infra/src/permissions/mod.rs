//! Roles of groups and on the server.

mod closed;
mod repository;
pub(crate) mod rows;
mod server_roles;

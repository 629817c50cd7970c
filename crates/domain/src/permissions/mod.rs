//! Who may do what: permissions, roles, and the one function that decides.
//!
//! Use cases ask [`decide`] about a group and [`decide_server`] about the server, and compare neither roles nor ranks.
//! Both are pure and read nothing: who asks, and about what, is loaded before.

mod decide;
mod group;
mod permitted;
mod repository;
mod role;
mod server;
mod server_decide;
mod server_repository;
mod server_role;
mod set;
mod table;

pub use decide::{BanTerm, Decision, Denial, Grant, Scope, Shortfall, Who, decide};
pub use group::GroupPermission;
pub use permitted::PermittedRoles;
#[cfg(test)]
pub(crate) use repository::MockRoleRepository;
pub use repository::RoleRepository;
pub(crate) use role::roles_of;
pub use role::{BuiltInRole, MAX_ROLES, Rank, Role, RoleDefinition, RoleName, RoleTitle, StoredRole};
pub use server::ServerPermission;
pub use server_decide::{
    Gift, ServerDecision, ServerDenial, ServerGrant, ServerRights, ServerScope, decide_server,
};
#[cfg(test)]
pub(crate) use server_repository::MockServerRoleRepository;
pub use server_repository::ServerRoleRepository;
pub use server_role::{MAX_SERVER_ROLES, ServerRole, ServerRoleName};
pub use set::{PermissionSet, ServerPermissionSet};

//! Who may do what: permissions, roles, and the one function that decides.
//!
//! Use cases ask [`decide`] and compare neither roles nor ranks. It is pure and reads nothing: who asks and about what
//! place is loaded before, together with the group.

mod decide;
mod group;
mod permitted;
mod repository;
mod role;
mod set;

pub use decide::{BanTerm, Decision, Denial, Grant, Scope, Shortfall, Who, decide};
pub use group::GroupPermission;
pub use permitted::PermittedRoles;
#[cfg(test)]
pub(crate) use repository::MockRoleRepository;
pub use repository::RoleRepository;
pub(crate) use role::roles_of;
pub use role::{BuiltInRole, MAX_ROLES, Rank, Role, RoleDefinition, RoleName, RoleTitle, StoredRole};
pub use set::PermissionSet;

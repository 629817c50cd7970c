//! The port for the roles of groups.

use super::role::{RoleDefinition, RoleName};
use crate::ids::GroupId;
use crate::storage::StorageFault;
use crate::storage::repositories::repository;

repository! {
    /// What groups store about roles: each role that a group has defined, and each built-in one that it has changed. The
    /// role of the one who acts is loaded with the group, by
    /// [`find_visible`](crate::groups::GroupRepository::find_visible).
    #[cfg_attr(test, mockall::automock)]
    pub trait RoleRepository {
        /// What the group stores about the role of exactly this name.
        fn find(&mut self, group: GroupId, name: &RoleName) -> Result<Option<RoleDefinition>, StorageFault>;
    }
}

//! The port for the roles of groups.

use super::role::{RoleDefinition, RoleName, StoredRole};
use crate::ids::GroupId;
use crate::storage::StorageFault;
use crate::storage::repositories::repository;

repository! {
    /// What groups store about roles: each role that a group has defined, and each built-in one that it has changed.
    /// The role of the one who acts is loaded with the group, by
    /// [`find_visible`](crate::groups::GroupRepository::find_visible).
    #[cfg_attr(test, mockall::automock)]
    pub trait RoleRepository {
        /// What the group stores about the role of exactly this name.
        fn find(&mut self, group: GroupId, name: &RoleName) -> Result<Option<RoleDefinition>, StorageFault>;

        /// All that the group stores, in no particular order: a few rows, since a group can define only
        /// [`MAX_ROLES`](super::MAX_ROLES).
        fn list(&mut self, group: GroupId) -> Result<Vec<StoredRole>, StorageFault>;

        /// The same of several groups, each role with its group.
        fn list_many(&mut self, groups: &[GroupId]) -> Result<Vec<(GroupId, StoredRole)>, StorageFault>;

        /// Stores a role, in the place of what is stored under its name.
        fn put(&mut self, group: GroupId, name: &RoleName, role: &RoleDefinition) -> Result<(), StorageFault>;

        /// Removes what is stored under a name.
        fn remove(&mut self, group: GroupId, name: &RoleName) -> Result<(), StorageFault>;

        /// Whether a member has the role, also one whose account is deleted, or an invitation or a link gives it.
        fn is_held(&mut self, group: GroupId, name: &RoleName) -> Result<bool, StorageFault>;
    }
}

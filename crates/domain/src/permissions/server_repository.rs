//! The port for roles on the server.

use super::server_decide::ServerRights;
use super::server_role::{ServerRole, ServerRoleName};
use super::set::ServerPermissionSet;
use crate::ids::{RoleId, UserId};
use crate::storage::StorageFault;
use crate::storage::repositories::repository;

repository! {
    /// Roles on the server, and who has them. The role `admin` is stored with the users, not here, and `member` only
    /// once what it allows was changed. Roles and who has them are changed under the lock of
    /// [`lock_admins`](crate::accounts::AccountRepository::lock_admins).
    #[cfg_attr(test, mockall::automock)]
    pub trait ServerRoleRepository {
        /// What the user may do; `None` if there is no such user, or if the account is deleted. MUST be one query.
        fn rights(&mut self, user: UserId) -> Result<Option<ServerRights>, StorageFault>;

        /// What each of these users may do, in no particular order; nothing of those who don't exist, or whose accounts
        /// are deleted or suspended. MUST be one query.
        fn rights_of(&mut self, users: &[UserId]) -> Result<Vec<(UserId, ServerRights)>, StorageFault>;

        /// What the server stores about the role with this id.
        fn find(&mut self, role: RoleId) -> Result<Option<ServerRole>, StorageFault>;

        /// All that the server stores, in no particular order: no more than
        /// [`MAX_SERVER_ROLES`](super::MAX_SERVER_ROLES), and `member`.
        fn list(&mut self) -> Result<Vec<ServerRole>, StorageFault>;

        /// Stores a new role.
        fn insert(
            &mut self,
            name: &ServerRoleName,
            permissions: ServerPermissionSet,
        ) -> Result<RoleId, StorageFault>;

        /// Stores a changed role, `member` also for the first time.
        fn put(&mut self, role: &ServerRole) -> Result<(), StorageFault>;

        /// Removes a role. Who has it, no longer has a role; [`remove_holders`](Self::remove_holders) removes what is
        /// left of it.
        fn remove(&mut self, role: RoleId) -> Result<(), StorageFault>;

        /// Removes up to `limit` rows of those who had a role that was removed; `true` once none is left.
        fn remove_holders(&mut self, role: RoleId, limit: i64) -> Result<bool, StorageFault>;

        /// Which stored roles these users have, in no particular order. Doesn't tell who is an admin.
        fn held(&mut self, users: &[UserId]) -> Result<Vec<(UserId, RoleId)>, StorageFault>;

        /// Gives a user a role, which the user doesn't have.
        fn give(&mut self, user: UserId, role: RoleId) -> Result<(), StorageFault>;

        /// Takes a role from a user.
        fn take(&mut self, user: UserId, role: RoleId) -> Result<(), StorageFault>;

        /// Takes all roles from a user whose account is being deleted.
        fn take_all(&mut self, user: UserId) -> Result<(), StorageFault>;
    }
}

//! Who of a group's members may see an event that is not for all of them.

use super::group::GroupPermission;
use super::role::{RoleName, StoredRole, roles_of};
use crate::text::TextBytes;

/// The roles of a group that have a permission. An event for those who have the permission carries them: whoever
/// delivers it knows the roles of its listeners, and reads nothing more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PermittedRoles(Box<[RoleName]>);

impl PermittedRoles {
    /// Those of a group that stores this about its roles.
    pub fn with(permission: GroupPermission, stored: &[StoredRole], is_private: bool) -> Self {
        let permitted = roles_of(stored, is_private).filter(|role| role.permissions.contains(permission));
        Self(permitted.map(|role| role.title.name).collect())
    }

    /// Whether the role is among them.
    pub fn contain(&self, role: &RoleName) -> bool {
        self.0.contains(role)
    }
}

impl TextBytes for PermittedRoles {
    fn text_bytes(&self) -> usize {
        self.0.iter().map(RoleName::text_bytes).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::permissions::{BuiltInRole, PermissionSet, Rank, RoleDefinition};

    #[test]
    fn the_group_says_which_roles_have_a_permission() {
        let judge = RoleName::parse("Judge").unwrap();
        let defined = |permissions: &[GroupPermission]| RoleDefinition {
            rank: Rank::from_stored(20).unwrap(),
            permissions: PermissionSet::of(permissions),
        };
        let names = |stored: &[StoredRole]| {
            let permitted = PermittedRoles::with(GroupPermission::BanMembers, stored, false);
            let all = BuiltInRole::ALL.map(RoleName::from).into_iter().chain([judge.clone()]);
            all.filter(|name| permitted.contain(name)).collect::<Vec<_>>()
        };
        let [admin, owner] = [BuiltInRole::Admin, BuiltInRole::Owner].map(RoleName::from);
        assert_eq!(names(&[]), [admin.clone(), owner.clone()]);
        let may_ban = (judge.clone(), defined(&[GroupPermission::BanMembers]));
        assert_eq!(names(std::slice::from_ref(&may_ban)), [admin.clone(), owner.clone(), judge.clone()]);
        assert_eq!(names(&[may_ban, (admin, defined(&[]))]), [owner, judge.clone()]);
    }
}

//! Roles of groups.

use groupchat_domain::ids::GroupId;
use groupchat_domain::permissions::{RoleDefinition, RoleName, RoleRepository, StoredRole};
use groupchat_domain::storage::StorageFault;

use crate::model::tx::ModelTx;

impl RoleRepository for ModelTx<'_> {
    fn find(&mut self, group: GroupId, name: &RoleName) -> Result<Option<RoleDefinition>, StorageFault> {
        Ok(self.read()?.roles.get(&(group, name.clone())).copied())
    }

    fn list(&mut self, group: GroupId) -> Result<Vec<StoredRole>, StorageFault> {
        let roles = self.read()?.roles.iter().filter(|((of, _), _)| *of == group);
        Ok(roles.map(|((_, name), role)| (name.clone(), *role)).collect())
    }

    fn list_many(&mut self, groups: &[GroupId]) -> Result<Vec<(GroupId, StoredRole)>, StorageFault> {
        let roles = self.read()?.roles.iter().filter(|((of, _), _)| groups.contains(of));
        Ok(roles.map(|((of, name), role)| (*of, (name.clone(), *role))).collect())
    }

    fn put(&mut self, group: GroupId, name: &RoleName, role: &RoleDefinition) -> Result<(), StorageFault> {
        self.write()?.roles.put((group, name.clone()), *role);
        Ok(())
    }

    fn remove(&mut self, group: GroupId, name: &RoleName) -> Result<(), StorageFault> {
        self.write()?.roles.remove(&(group, name.clone()));
        Ok(())
    }

    fn is_held(&mut self, group: GroupId, name: &RoleName) -> Result<bool, StorageFault> {
        let tables = self.read()?;
        let mut memberships = tables.memberships.iter();
        let mut invitations = tables.invitations.iter();
        let mut links = tables.invite_links.iter();
        Ok(memberships.any(|((of, _), membership)| *of == group && membership.role == *name)
            || invitations.any(|(_, invitation)| invitation.group == group && invitation.role == *name)
            || links.any(|(_, row)| row.link.group == group && row.link.role == *name))
    }
}

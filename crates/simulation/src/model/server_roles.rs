//! Roles on the server.

use groupchat_domain::ids::{RoleId, UserId};
use groupchat_domain::permissions::{
    ServerPermissionSet, ServerRights, ServerRole, ServerRoleName, ServerRoleRepository,
};
use groupchat_domain::storage::StorageFault;

use crate::model::tx::{ModelTx, each_once};

impl ServerRoleRepository for ModelTx<'_> {
    fn rights(&mut self, user: UserId) -> Result<Option<ServerRights>, StorageFault> {
        let tables = self.read()?;
        let Some(found) = tables.user(user) else { return Ok(None) };
        let member = tables.server_roles.get(&ServerRole::MEMBER);
        let held = tables.user_roles.iter().filter(|((holder, _), ())| *holder == user);
        let roles = held.filter_map(|((_, role), ())| tables.server_roles.get(role));
        let own = roles.fold(ServerPermissionSet::EMPTY, |own, role| own.union(role.permissions));
        let everybodys = member.map_or(ServerPermissionSet::EVERYBODYS, |member| member.permissions);
        Ok(Some(ServerRights { is_admin: found.is_admin, everybodys, own }))
    }

    fn rights_of(&mut self, users: &[UserId]) -> Result<Vec<(UserId, ServerRights)>, StorageFault> {
        let mut all = Vec::new();
        for user in each_once(users) {
            let tables = self.read()?;
            if tables.user(user).is_some_and(|user| !tables.can_act(user)) {
                continue;
            }
            all.extend(self.rights(user)?.map(|rights| (user, rights)));
        }
        Ok(all)
    }

    fn find(&mut self, role: RoleId) -> Result<Option<ServerRole>, StorageFault> {
        Ok(self.read()?.server_roles.get(&role).cloned())
    }

    fn list(&mut self) -> Result<Vec<ServerRole>, StorageFault> {
        Ok(self.read()?.server_roles.iter().map(|(_, role)| role.clone()).collect())
    }

    fn insert(
        &mut self,
        name: &ServerRoleName,
        permissions: ServerPermissionSet,
    ) -> Result<RoleId, StorageFault> {
        let tables = self.write()?;
        let id = RoleId::new(ServerRole::MEMBER.get() + tables.role_ids.take());
        tables.server_roles.put(id, ServerRole { id, name: name.clone(), permissions });
        Ok(id)
    }

    fn put(&mut self, role: &ServerRole) -> Result<(), StorageFault> {
        self.write()?.server_roles.put(role.id, role.clone());
        Ok(())
    }

    fn remove(&mut self, role: RoleId) -> Result<(), StorageFault> {
        self.write()?.server_roles.remove(&role);
        Ok(())
    }

    fn remove_holders(&mut self, role: RoleId, limit: i64) -> Result<bool, StorageFault> {
        let tables = self.write()?;
        let held: Vec<_> =
            tables.user_roles.iter().map(|(held, ())| *held).filter(|(_, of)| *of == role).collect();
        let limit = usize::try_from(limit).unwrap_or(0);
        let removed = tables.user_roles.remove_all(held.into_iter().take(limit));
        Ok(removed < limit)
    }

    fn held(&mut self, users: &[UserId]) -> Result<Vec<(UserId, RoleId)>, StorageFault> {
        let tables = self.read()?;
        let held = tables.user_roles.iter().map(|(held, ())| *held);
        Ok(held.filter(|(user, role)| users.contains(user) && tables.server_roles.contains(role)).collect())
    }

    fn give(&mut self, user: UserId, role: RoleId) -> Result<(), StorageFault> {
        self.write()?.user_roles.put((user, role), ());
        Ok(())
    }

    fn take(&mut self, user: UserId, role: RoleId) -> Result<(), StorageFault> {
        self.write()?.user_roles.remove(&(user, role));
        Ok(())
    }

    fn take_all(&mut self, user: UserId) -> Result<(), StorageFault> {
        let tables = self.write()?;
        let held: Vec<_> =
            tables.user_roles.iter().map(|(held, ())| *held).filter(|(holder, _)| *holder == user).collect();
        tables.user_roles.remove_all(held);
        Ok(())
    }
}

//! Roles of groups.

use groupchat_domain::ids::GroupId;
use groupchat_domain::permissions::{RoleDefinition, RoleName, RoleRepository};
use groupchat_domain::storage::StorageFault;

use crate::model::tx::ModelTx;

impl RoleRepository for ModelTx<'_> {
    fn find(&mut self, group: GroupId, name: &RoleName) -> Result<Option<RoleDefinition>, StorageFault> {
        Ok(self.read()?.roles.get(&(group, name.clone())).copied())
    }
}

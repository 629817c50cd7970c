//! Roles of groups.

use diesel::prelude::*;
use groupchat_domain::ids::GroupId;
use groupchat_domain::permissions::{RoleDefinition, RoleName, RoleRepository};
use groupchat_domain::storage::StorageFault;

use crate::connection::on_backend;
use crate::permissions::rows::DefinitionRow;
use crate::schema::group_roles;
use crate::tx::DbTx;

impl RoleRepository for DbTx<'_> {
    fn find(&mut self, group: GroupId, name: &RoleName) -> Result<Option<RoleDefinition>, StorageFault> {
        let role = group_roles::table.find((group.get(), name.as_str()));
        let row = on_backend!(self, |connection| role
            .select(DefinitionRow::as_select())
            .first(connection)
            .optional())?;
        Ok(row.map(|DefinitionRow(definition)| definition))
    }
}

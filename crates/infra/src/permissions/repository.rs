//! Roles of groups.

use diesel::dsl::exists;
use diesel::prelude::*;
use groupchat_domain::ids::GroupId;
use groupchat_domain::permissions::{RoleDefinition, RoleName, RoleRepository, StoredRole};
use groupchat_domain::storage::StorageFault;

use crate::connection::on_backend;
use crate::permissions::rows::DefinitionRow;
use crate::schema::{group_roles, invitations, invite_links, memberships};
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

    fn list(&mut self, group: GroupId) -> Result<Vec<StoredRole>, StorageFault> {
        let roles = group_roles::table.filter(group_roles::group_id.eq(group.get()));
        let rows: Vec<(String, DefinitionRow)> = on_backend!(self, |connection| roles
            .select((group_roles::name, DefinitionRow::as_select()))
            .load(connection))?;
        let role = |(name, DefinitionRow(definition))| (RoleName::from_stored(name), definition);
        Ok(rows.into_iter().map(role).collect())
    }

    fn list_many(&mut self, groups: &[GroupId]) -> Result<Vec<(GroupId, StoredRole)>, StorageFault> {
        let roles = group_roles::table.filter(group_roles::group_id.eq_any(groups.iter().map(|id| id.get())));
        let rows: Vec<(i64, String, DefinitionRow)> = on_backend!(self, |connection| roles
            .select((group_roles::group_id, group_roles::name, DefinitionRow::as_select()))
            .load(connection))?;
        let role = |(group, name, DefinitionRow(definition))| {
            (GroupId::new(group), (RoleName::from_stored(name), definition))
        };
        Ok(rows.into_iter().map(role).collect())
    }

    fn put(&mut self, group: GroupId, name: &RoleName, role: &RoleDefinition) -> Result<(), StorageFault> {
        let (rank, permissions) = (i64::from(role.rank.get()), role.permissions.stored());
        let row = diesel::insert_into(group_roles::table)
            .values((
                group_roles::group_id.eq(group.get()),
                group_roles::name.eq(name.as_str()),
                group_roles::rank.eq(rank),
                group_roles::permissions.eq(permissions),
            ))
            .on_conflict((group_roles::group_id, group_roles::name))
            .do_update()
            .set((group_roles::rank.eq(rank), group_roles::permissions.eq(permissions)));
        on_backend!(self, |connection| row.execute(connection)).map(drop)
    }

    fn remove(&mut self, group: GroupId, name: &RoleName) -> Result<(), StorageFault> {
        let role = group_roles::table.find((group.get(), name.as_str()));
        on_backend!(self, |connection| diesel::delete(role).execute(connection)).map(drop)
    }

    fn is_held(&mut self, group: GroupId, name: &RoleName) -> Result<bool, StorageFault> {
        let holders = memberships::table
            .select(memberships::user_id)
            .filter(memberships::group_id.eq(group.get()))
            .filter(memberships::role.eq(name.as_str()));
        let invited = invitations::table
            .select(invitations::id)
            .filter(invitations::group_id.eq(group.get()))
            .filter(invitations::role.eq(name.as_str()));
        let linked = invite_links::table
            .select(invite_links::id)
            .filter(invite_links::group_id.eq(group.get()))
            .filter(invite_links::role.eq(name.as_str()));
        let found = diesel::select(exists(holders).or(exists(invited)).or(exists(linked)));
        Ok(on_backend!(self, |connection| found.get_result(connection))?)
    }
}

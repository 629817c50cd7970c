//! Roles on the server.

use std::collections::BTreeMap;

use diesel::prelude::*;
use groupchat_domain::ids::{RoleId, UserId};
use groupchat_domain::permissions::{
    ServerPermissionSet, ServerRights, ServerRole, ServerRoleName, ServerRoleRepository,
};
use groupchat_domain::storage::StorageFault;

use crate::accounts::acting::CanAct;
use crate::connection::on_backend;
use crate::schema::{server_roles, user_roles, users};
use crate::sql::row_count;
use crate::sql::stored::StoredServerPermissions;
use crate::tx::DbTx;

// A second name of the table, for the subquery that selects the rows to remove.
diesel::alias! {
    const PICKED_HOLDERS: Alias<PickedHolders> = user_roles as picked_holders;
}

/// A role, as it is stored.
#[derive(Queryable, Selectable)]
#[diesel(table_name = server_roles)]
struct RoleRow {
    id: i64,
    name: String,
    permissions: StoredServerPermissions,
}

impl From<RoleRow> for ServerRole {
    fn from(row: RoleRow) -> Self {
        let StoredServerPermissions(permissions) = row.permissions;
        Self { id: RoleId::new(row.id), name: ServerRoleName::from_stored(row.name), permissions }
    }
}

/// A user, with one of the roles that they have, if any is stored.
type HeldRow = (bool, Option<i64>, Option<StoredServerPermissions>);

/// What a user may do, with one more of the roles that they have.
fn with_role(rights: Option<ServerRights>, (is_admin, role, permissions): HeldRow) -> ServerRights {
    let none = ServerRights { is_admin, everybodys: ServerPermissionSet::EVERYBODYS, ..ServerRights::NONE };
    let mut rights = rights.unwrap_or(none);
    match role.zip(permissions) {
        Some((id, StoredServerPermissions(set))) if id == ServerRole::MEMBER.get() => rights.everybodys = set,
        Some((_, StoredServerPermissions(set))) => rights.own = rights.own.union(set),
        None => {}
    }
    rights
}

impl ServerRoleRepository for DbTx<'_> {
    fn rights(&mut self, user: UserId) -> Result<Option<ServerRights>, StorageFault> {
        let own = user_roles::table.filter(user_roles::user_id.eq(user.get())).select(user_roles::role_id);
        let held = server_roles::id.eq(ServerRole::MEMBER.get()).or(server_roles::id.eq_any(own));
        let found = users::table
            .left_join(server_roles::table.on(held))
            .filter(users::id.eq(user.get()))
            .filter(users::deleted_at.is_null())
            .select((users::is_admin, server_roles::id.nullable(), server_roles::permissions.nullable()));
        let rows: Vec<HeldRow> = on_backend!(self, |connection| found.load(connection))?;
        Ok(rows.into_iter().fold(None, |rights, row| Some(with_role(rights, row))))
    }

    fn rights_of(&mut self, among: &[UserId]) -> Result<Vec<(UserId, ServerRights)>, StorageFault> {
        let own = server_roles::id.eq(user_roles::role_id.assume_not_null());
        let held = server_roles::id.eq(ServerRole::MEMBER.get()).or(own);
        let found = users::table
            .left_join(user_roles::table.on(user_roles::user_id.eq(users::id)))
            .left_join(server_roles::table.on(held))
            .filter(users::id.eq_any(among.iter().map(|user| user.get())))
            .filter(users::deleted_at.is_null())
            .filter(CanAct)
            .select((
                users::id,
                (users::is_admin, server_roles::id.nullable(), server_roles::permissions.nullable()),
            ));
        let rows: Vec<(i64, HeldRow)> = on_backend!(self, |connection| found.load(connection))?;
        let mut all = BTreeMap::new();
        for (user, row) in rows {
            let rights = with_role(all.remove(&user), row);
            all.insert(user, rights);
        }
        Ok(all.into_iter().map(|(user, rights)| (UserId::new(user), rights)).collect())
    }

    fn find(&mut self, role: RoleId) -> Result<Option<ServerRole>, StorageFault> {
        let role = server_roles::table.find(role.get());
        let row =
            on_backend!(self, |connection| role.select(RoleRow::as_select()).first(connection).optional())?;
        Ok(row.map(ServerRole::from))
    }

    fn list(&mut self) -> Result<Vec<ServerRole>, StorageFault> {
        let rows = on_backend!(self, |connection| server_roles::table
            .select(RoleRow::as_select())
            .load(connection))?;
        Ok(rows.into_iter().map(ServerRole::from).collect())
    }

    fn insert(
        &mut self,
        name: &ServerRoleName,
        permissions: ServerPermissionSet,
    ) -> Result<RoleId, StorageFault> {
        let row = diesel::insert_into(server_roles::table)
            .values((
                server_roles::name.eq(name.as_str()),
                server_roles::permissions.eq(permissions.stored()),
            ))
            .returning(server_roles::id);
        on_backend!(self, |connection| row.get_result(connection)).map(RoleId::new)
    }

    fn put(&mut self, role: &ServerRole) -> Result<(), StorageFault> {
        let (name, permissions) = (role.name.as_str(), role.permissions.stored());
        let row = diesel::insert_into(server_roles::table)
            .values((
                server_roles::id.eq(role.id.get()),
                server_roles::name.eq(name),
                server_roles::permissions.eq(permissions),
            ))
            .on_conflict(server_roles::id)
            .do_update()
            .set((server_roles::name.eq(name), server_roles::permissions.eq(permissions)));
        on_backend!(self, |connection| row.execute(connection)).map(drop)
    }

    fn remove(&mut self, role: RoleId) -> Result<(), StorageFault> {
        let role = server_roles::table.find(role.get());
        on_backend!(self, |connection| diesel::delete(role).execute(connection)).map(drop)
    }

    fn remove_holders(&mut self, role: RoleId, limit: i64) -> Result<bool, StorageFault> {
        let picked = PICKED_HOLDERS
            .filter(PICKED_HOLDERS.field(user_roles::role_id).eq(role.get()))
            .select(PICKED_HOLDERS.field(user_roles::user_id))
            .order(PICKED_HOLDERS.field(user_roles::user_id))
            .limit(limit);
        let rows = user_roles::table
            .filter(user_roles::role_id.eq(role.get()))
            .filter(user_roles::user_id.eq_any(picked));
        let removed = on_backend!(self, |connection| diesel::delete(rows).execute(connection))?;
        Ok(row_count(removed) < limit)
    }

    fn held(&mut self, users: &[UserId]) -> Result<Vec<(UserId, RoleId)>, StorageFault> {
        let users: Vec<_> = users.iter().map(|user| user.get()).collect();
        let held = user_roles::table
            .inner_join(server_roles::table.on(server_roles::id.eq(user_roles::role_id)))
            .filter(user_roles::user_id.eq_any(users))
            .select((user_roles::user_id, user_roles::role_id));
        let rows: Vec<(i64, i64)> = on_backend!(self, |connection| held.load(connection))?;
        Ok(rows.into_iter().map(|(user, role)| (UserId::new(user), RoleId::new(role))).collect())
    }

    fn give(&mut self, user: UserId, role: RoleId) -> Result<(), StorageFault> {
        let row = diesel::insert_into(user_roles::table)
            .values((user_roles::user_id.eq(user.get()), user_roles::role_id.eq(role.get())));
        on_backend!(self, |connection| row.execute(connection)).map(drop)
    }

    fn take(&mut self, user: UserId, role: RoleId) -> Result<(), StorageFault> {
        let row = user_roles::table.find((user.get(), role.get()));
        on_backend!(self, |connection| diesel::delete(row).execute(connection)).map(drop)
    }

    fn take_all(&mut self, user: UserId) -> Result<(), StorageFault> {
        let rows = user_roles::table.filter(user_roles::user_id.eq(user.get()));
        on_backend!(self, |connection| diesel::delete(rows).execute(connection)).map(drop)
    }
}

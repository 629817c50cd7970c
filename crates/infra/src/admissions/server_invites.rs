//! Invites to the server.

use diesel::deserialize;
use diesel::prelude::*;
use groupchat_domain::admissions::{
    InviteGroups, MaxUses, NewServerInvite, Note, ServerInvite, ServerInviteQuery, ServerInviteRepository,
};
use groupchat_domain::codes::CodeHash;
use groupchat_domain::ids::{GroupId, ServerInviteId, UserId};
use groupchat_domain::storage::StorageFault;
use groupchat_domain::time::Timestamp;

use crate::accounts::repository::UserRefRow;
use crate::connection::on_backend;
use crate::schema::{server_invites, users};
use crate::tx::DbTx;

#[derive(Queryable, Selectable)]
#[diesel(table_name = server_invites)]
struct InviteRow {
    id: i64,
    group_ids: String,
    note: Option<String>,
    max_uses: Option<i64>,
    uses: i64,
    created_at: i64,
    expires_at: i64,
}

type Row = (InviteRow, UserRefRow);

/// Invites with their makers.
macro_rules! invites {
    () => {
        server_invites::table
            .inner_join(users::table.on(users::id.eq(server_invites::created_by)))
            .select((InviteRow::as_select(), UserRefRow::as_select()))
    };
}

/// What is loaded, as an invite. A group or a number that can't be read is a fault.
fn invite((row, maker): Row) -> deserialize::Result<ServerInvite> {
    let groups: Result<Vec<i64>, _> = row.group_ids.split_whitespace().map(str::parse).collect();
    let max_uses =
        row.max_uses.map(|number| MaxUses::from_stored(number).ok_or("an invite has no such number"));
    Ok(ServerInvite {
        id: ServerInviteId::new(row.id),
        created_by: maker.into(),
        groups: InviteGroups::from_stored(groups?.into_iter().map(GroupId::new).collect()),
        note: row.note.map(Note::from_stored),
        max_uses: max_uses.transpose()?,
        uses: row.uses,
        created_at: Timestamp::from_micros(row.created_at),
        expires_at: Timestamp::from_micros(row.expires_at),
    })
}

fn all(rows: Vec<Row>) -> QueryResult<Vec<ServerInvite>> {
    let all: deserialize::Result<_> = rows.into_iter().map(invite).collect();
    all.map_err(diesel::result::Error::DeserializationError)
}

fn as_stored(groups: &InviteGroups) -> String {
    groups.ids().iter().map(GroupId::to_string).collect::<Vec<_>>().join(" ")
}

impl ServerInviteRepository for DbTx<'_> {
    fn find(&mut self, code: &CodeHash) -> Result<Option<ServerInvite>, StorageFault> {
        let hash = &code.as_bytes()[..];
        let mut found = on_backend!(self, |connection| invites!()
            .filter(server_invites::code_hash.eq(hash))
            .load(connection)
            .and_then(all))?;
        Ok(found.pop())
    }

    fn list(&mut self, query: &ServerInviteQuery) -> Result<Vec<ServerInvite>, StorageFault> {
        let below = query.below.map_or(i64::MAX, ServerInviteId::get);
        let rows = query.limit.with_lookahead();
        on_backend!(self, |connection| match query.by {
            Some(by) => invites!()
                .filter(server_invites::created_by.eq(by.get()))
                .filter(server_invites::id.lt(below))
                .order(server_invites::id.desc())
                .limit(rows)
                .load(connection)
                .and_then(all),
            None => invites!()
                .filter(server_invites::id.lt(below))
                .order(server_invites::id.desc())
                .limit(rows)
                .load(connection)
                .and_then(all),
        })
    }

    fn count(&mut self, by: UserId, most: u32) -> Result<u32, StorageFault> {
        let counted = server_invites::table
            .select(server_invites::id)
            .filter(server_invites::created_by.eq(by.get()))
            .limit(most.into());
        let found: Vec<i64> = on_backend!(self, |connection| counted.load(connection))?;
        Ok(u32::try_from(found.len()).unwrap_or(most))
    }

    fn insert(&mut self, invite: &NewServerInvite) -> Result<ServerInviteId, StorageFault> {
        let row = diesel::insert_into(server_invites::table)
            .values((
                server_invites::created_by.eq(invite.created_by.get()),
                server_invites::code_hash.eq(&invite.code.as_bytes()[..]),
                server_invites::group_ids.eq(as_stored(&invite.groups)),
                server_invites::note.eq(invite.note.as_ref().map(Note::as_str)),
                server_invites::max_uses.eq(invite.max_uses.map(MaxUses::get)),
                server_invites::uses.eq(0),
                server_invites::created_at.eq(invite.created_at.as_micros()),
                server_invites::expires_at.eq(invite.expires_at.as_micros()),
            ))
            .returning(server_invites::id);
        on_backend!(self, |connection| row.get_result(connection)).map(ServerInviteId::new)
    }

    fn spend(&mut self, id: ServerInviteId) -> Result<bool, StorageFault> {
        let has_uses = server_invites::max_uses
            .is_null()
            .or(server_invites::max_uses.gt(server_invites::uses.nullable()));
        let spent = diesel::update(server_invites::table.find(id.get()))
            .filter(has_uses)
            .set(server_invites::uses.eq(server_invites::uses + 1));
        on_backend!(self, |connection| spent.execute(connection)).map(|rows| rows > 0)
    }

    fn remove(&mut self, id: ServerInviteId, by: Option<UserId>) -> Result<bool, StorageFault> {
        let picked = server_invites::table.find(id.get());
        let removed = on_backend!(self, |connection| match by {
            Some(by) =>
                diesel::delete(picked.filter(server_invites::created_by.eq(by.get()))).execute(connection),
            None => diesel::delete(picked).execute(connection),
        })?;
        Ok(removed > 0)
    }

    fn forget(&mut self, user: UserId) -> Result<(), StorageFault> {
        let made = server_invites::table.filter(server_invites::created_by.eq(user.get()));
        on_backend!(self, |connection| diesel::delete(made).execute(connection)).map(drop)
    }
}

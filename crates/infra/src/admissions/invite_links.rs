//! Invite links.

use diesel::deserialize;
use diesel::prelude::*;
use groupchat_domain::admissions::{
    Counted, InviteLink, InviteLinkQuery, InviteLinkRepository, IssuedLink, MaxUses, NewInviteLink, Note,
};
use groupchat_domain::codes::CodeHash;
use groupchat_domain::ids::{GroupId, InviteLinkId, UserId};
use groupchat_domain::permissions::RoleName;
use groupchat_domain::storage::StorageFault;
use groupchat_domain::time::Timestamp;

use super::issued::{GIFTS, MAKERS, Terms, TermsRow, issued};
use crate::connection::on_backend;
use crate::groups::repository::GroupRow;
use crate::schema::{group_roles, groups, invite_links, memberships, users};
use crate::sql::row_count;
use crate::tx::DbTx;

// A second name of the table, for the subquery that selects the rows to remove.
diesel::alias! {
    const PICKED_LINKS: Alias<PickedLinks> = invite_links as picked_links;
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = invite_links)]
struct LinkRow {
    id: i64,
    role: String,
    note: Option<String>,
    max_uses: Option<i64>,
    uses: i64,
    created_at: i64,
    expires_at: i64,
}

type Row = (LinkRow, TermsRow);

/// Links to groups that exist, with their terms.
macro_rules! links {
    () => {
        issued!(invite_links::table, invite_links, created_by, LinkRow::as_select())
    };
}

/// What is loaded, as a link.
fn link((row, terms): Row) -> deserialize::Result<IssuedLink> {
    let Terms { group, maker, issuer, gift } = Terms::of(terms, &row.role)?;
    let max_uses = row.max_uses.map(|number| MaxUses::from_stored(number).ok_or("a link has no such number"));
    let link = InviteLink {
        id: InviteLinkId::new(row.id),
        group: (&group).into(),
        created_by: maker,
        role: RoleName::from_stored(row.role),
        note: row.note.map(Note::from_stored),
        max_uses: max_uses.transpose()?,
        uses: row.uses,
        created_at: Timestamp::from_micros(row.created_at),
        expires_at: Timestamp::from_micros(row.expires_at),
    };
    Ok(IssuedLink { link, group, issuer, gift })
}

fn all(rows: Vec<Row>) -> QueryResult<Vec<IssuedLink>> {
    let all: deserialize::Result<_> = rows.into_iter().map(link).collect();
    all.map_err(diesel::result::Error::DeserializationError)
}

impl InviteLinkRepository for DbTx<'_> {
    fn find(&mut self, code: &CodeHash) -> Result<Option<IssuedLink>, StorageFault> {
        let hash = &code.as_bytes()[..];
        let mut found = on_backend!(self, |connection| links!()
            .filter(invite_links::code_hash.eq(hash))
            .load(connection)
            .and_then(all))?;
        Ok(found.pop())
    }

    fn list(&mut self, query: &InviteLinkQuery) -> Result<Vec<IssuedLink>, StorageFault> {
        on_backend!(self, |connection| links!()
            .filter(invite_links::group_id.eq(query.group.get()))
            .filter(invite_links::id.lt(query.below.map_or(i64::MAX, InviteLinkId::get)))
            .order(invite_links::id.desc())
            .limit(query.limit.with_lookahead())
            .load(connection)
            .and_then(all))
    }

    fn count(&mut self, of: Counted, most: u32) -> Result<u32, StorageFault> {
        let counted = invite_links::table.select(invite_links::id).limit(most.into());
        let found: Vec<i64> = on_backend!(self, |connection| match of {
            Counted::To(group) => counted.filter(invite_links::group_id.eq(group.get())).load(connection),
            Counted::By(user) => counted.filter(invite_links::created_by.eq(user.get())).load(connection),
        })?;
        Ok(u32::try_from(found.len()).unwrap_or(most))
    }

    fn insert(&mut self, link: &NewInviteLink) -> Result<InviteLinkId, StorageFault> {
        let row = diesel::insert_into(invite_links::table)
            .values((
                invite_links::group_id.eq(link.group.get()),
                invite_links::created_by.eq(link.created_by.get()),
                invite_links::code_hash.eq(&link.code.as_bytes()[..]),
                invite_links::role.eq(link.role.as_str()),
                invite_links::note.eq(link.note.as_ref().map(Note::as_str)),
                invite_links::max_uses.eq(link.max_uses.map(MaxUses::get)),
                invite_links::uses.eq(0),
                invite_links::created_at.eq(link.created_at.as_micros()),
                invite_links::expires_at.eq(link.expires_at.as_micros()),
            ))
            .returning(invite_links::id);
        on_backend!(self, |connection| row.get_result(connection)).map(InviteLinkId::new)
    }

    fn spend(&mut self, id: InviteLinkId) -> Result<bool, StorageFault> {
        let has_uses =
            invite_links::max_uses.is_null().or(invite_links::max_uses.gt(invite_links::uses.nullable()));
        let spent = diesel::update(invite_links::table.find(id.get()))
            .filter(has_uses)
            .set(invite_links::uses.eq(invite_links::uses + 1));
        on_backend!(self, |connection| spent.execute(connection)).map(|rows| rows > 0)
    }

    fn remove(&mut self, group: GroupId, id: InviteLinkId) -> Result<bool, StorageFault> {
        let removed = invite_links::table.find(id.get()).filter(invite_links::group_id.eq(group.get()));
        on_backend!(self, |connection| diesel::delete(removed).execute(connection)).map(|rows| rows > 0)
    }

    fn forget(&mut self, user: UserId, limit: i64) -> Result<bool, StorageFault> {
        let first = PICKED_LINKS
            .select(PICKED_LINKS.field(invite_links::id))
            .filter(PICKED_LINKS.field(invite_links::created_by).eq(user.get()))
            .order(PICKED_LINKS.field(invite_links::id))
            .limit(limit);
        let removed = invite_links::table.filter(invite_links::id.eq_any(first));
        let removed = on_backend!(self, |connection| diesel::delete(removed).execute(connection))?;
        Ok(row_count(removed) < limit)
    }
}

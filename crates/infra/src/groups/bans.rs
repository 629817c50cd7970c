//! Bans.

use diesel::dsl::auto_type;
use diesel::prelude::*;
use groupchat_domain::groups::{Ban, BanRepository, MemberQuery, Reason};
use groupchat_domain::ids::{GroupId, UserId};
use groupchat_domain::paging::NamePosition;
use groupchat_domain::storage::{StorageFault, Tx as _};
use groupchat_domain::time::Timestamp;

use crate::accounts::repository::UserRefRow;
use crate::connection::on_backend;
use crate::schema::{group_bans, groups, users};
use crate::sql::keys::among_pairs;
use crate::sql::name_order::{Keyed, ListPart, NameList, read_part, users_by_name};
use crate::sql::row_count;
use crate::tx::DbTx;

// A second name of the table, for the subquery that selects the rows to remove.
diesel::alias! {
    const PICKED_BANS: Alias<PickedBans> = group_bans as picked_bans;
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = group_bans)]
struct BanRow {
    #[diesel(embed)]
    user: UserRefRow,
    reason: Option<String>,
    until: Option<i64>,
    banned_by: i64,
    created_at: i64,
    terms_at: i64,
}

impl From<BanRow> for Ban {
    fn from(row: BanRow) -> Self {
        Self {
            user: row.user.into(),
            reason: row.reason.map(Reason::from_stored),
            until: row.until.map(Timestamp::from_micros),
            banned_by: UserId::new(row.banned_by),
            created_at: Timestamp::from_micros(row.created_at),
            terms_at: Timestamp::from_micros(row.terms_at),
        }
    }
}

/// Bans that last at this time, of users whose accounts are not deleted.
#[auto_type]
fn lasting_bans(now: i64) -> _ {
    group_bans::table
        .inner_join(users::table.on(users::id.eq(group_bans::user_id)))
        .filter(users::deleted_at.is_null())
        .filter(group_bans::until.is_null().or(group_bans::until.gt(now)))
}

impl DbTx<'_> {
    fn bans_by_name(
        &mut self,
        query: &MemberQuery,
        now: i64,
        part: ListPart<'_>,
    ) -> Result<Vec<Keyed<Ban>>, StorageFault> {
        on_backend!(self, |connection| {
            let listed = lasting_bans(now).filter(group_bans::group_id.eq(query.group.get())).select((
                users::username_key.assume_not_null(),
                users::id,
                BanRow::as_select(),
            ));
            let listed = users_by_name!(listed, query, part);
            read_part::<_, _, (String, i64, BanRow), _>(connection, listed, part, query.limit)
        })
    }
}

impl From<(String, i64, BanRow)> for Keyed<Ban> {
    fn from((key, id, row): (String, i64, BanRow)) -> Self {
        Self { key, id, entry: row.into() }
    }
}

impl BanRepository for DbTx<'_> {
    fn find(&mut self, group: GroupId, user: UserId) -> Result<Option<Ban>, StorageFault> {
        let found = lasting_bans(self.now().as_micros())
            .filter(group_bans::group_id.eq(group.get()))
            .filter(group_bans::user_id.eq(user.get()));
        let row =
            on_backend!(self, |connection| found.select(BanRow::as_select()).first(connection).optional())?;
        Ok(row.map(Ban::from))
    }

    fn find_many(&mut self, bans: &[(GroupId, UserId)]) -> Result<Vec<(GroupId, Ban)>, StorageFault> {
        if bans.is_empty() {
            return Ok(Vec::new());
        }
        let pairs = bans.iter().map(|(group, user)| (group.get(), user.get())).collect();
        let found = lasting_bans(self.now().as_micros())
            .inner_join(groups::table.on(groups::id.eq(group_bans::group_id)))
            .filter(among_pairs((group_bans::group_id, group_bans::user_id), pairs))
            .filter(groups::deleted_at.is_null());
        let rows: Vec<(i64, BanRow)> = on_backend!(self, |connection| {
            found.select((group_bans::group_id, BanRow::as_select())).load(connection)
        })?;
        Ok(rows.into_iter().map(|(group, row)| (GroupId::new(group), row.into())).collect())
    }

    fn list(&mut self, query: &MemberQuery) -> Result<Vec<NamePosition<Ban>>, StorageFault> {
        let now = self.now().as_micros();
        self.list_by_name(NameList::User, query.after.as_ref(), query.limit, |tx, part| {
            tx.bans_by_name(query, now, part)
        })
    }

    fn count(&mut self, group: GroupId, most: u32) -> Result<u32, StorageFault> {
        let lasting =
            lasting_bans(self.now().as_micros()).filter(group_bans::group_id.eq(group.get())).count();
        let lasting: i64 = on_backend!(self, |connection| lasting.get_result(connection))?;
        Ok(u32::try_from(lasting).unwrap_or(most).min(most))
    }

    fn remove_ended(&mut self, by: Timestamp, limit: i64) -> Result<usize, StorageFault> {
        let ended = group_bans::table
            .select((group_bans::group_id, group_bans::user_id))
            .filter(group_bans::until.le(by.as_micros()))
            .order(group_bans::until)
            .limit(limit);
        let keys: Vec<(i64, i64)> = on_backend!(self, |connection| ended.load(connection))?;
        for key in &keys {
            // It may have been renewed since.
            let ended = group_bans::table.find(*key).filter(group_bans::until.le(by.as_micros()));
            on_backend!(self, |connection| diesel::delete(ended).execute(connection))?;
        }
        Ok(keys.len())
    }

    fn put(&mut self, group: GroupId, ban: &Ban) -> Result<(), StorageFault> {
        let terms = (
            group_bans::reason.eq(ban.reason.as_ref().map(Reason::as_str)),
            group_bans::until.eq(ban.until.map(Timestamp::as_micros)),
            group_bans::banned_by.eq(ban.banned_by.get()),
            group_bans::created_at.eq(ban.created_at.as_micros()),
            group_bans::terms_at.eq(ban.terms_at.as_micros()),
        );
        let row = diesel::insert_into(group_bans::table)
            .values((group_bans::group_id.eq(group.get()), group_bans::user_id.eq(ban.user.id.get()), terms))
            .on_conflict((group_bans::group_id, group_bans::user_id))
            .do_update()
            .set(terms);
        on_backend!(self, |connection| row.execute(connection)).map(drop)
    }

    fn remove(&mut self, group: GroupId, user: UserId) -> Result<(), StorageFault> {
        let ban = group_bans::table.find((group.get(), user.get()));
        on_backend!(self, |connection| diesel::delete(ban).execute(connection)).map(drop)
    }

    fn forget(&mut self, user: UserId, limit: i64) -> Result<bool, StorageFault> {
        let first = PICKED_BANS
            .select(PICKED_BANS.field(group_bans::group_id))
            .filter(PICKED_BANS.field(group_bans::user_id).eq(user.get()))
            .order(PICKED_BANS.field(group_bans::group_id))
            .limit(limit);
        let removed = group_bans::table
            .filter(group_bans::user_id.eq(user.get()))
            .filter(group_bans::group_id.eq_any(first));
        let removed = on_backend!(self, |connection| diesel::delete(removed).execute(connection))?;
        Ok(row_count(removed) < limit)
    }
}

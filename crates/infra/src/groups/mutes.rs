//! Mutes.

use diesel::prelude::*;
use groupchat_domain::groups::{Mute, MuteRepository, Reason};
use groupchat_domain::ids::{GroupId, UserId};
use groupchat_domain::storage::{StorageFault, Tx as _};
use groupchat_domain::time::Timestamp;

use crate::connection::on_backend;
use crate::schema::group_mutes;
use crate::sql::row_count;
use crate::tx::DbTx;

// A second name of the table, for the subquery that selects the rows to remove.
diesel::alias! {
    const PICKED_MUTES: Alias<PickedMutes> = group_mutes as picked_mutes;
}

/// A mute as it is stored.
pub(crate) fn mute(until: i64, reason: Option<String>) -> Mute {
    Mute { until: Timestamp::from_micros(until), reason: reason.map(Reason::from_stored) }
}

impl MuteRepository for DbTx<'_> {
    fn find(&mut self, group: GroupId, user: UserId) -> Result<Option<Mute>, StorageFault> {
        let found = group_mutes::table
            .find((group.get(), user.get()))
            .filter(group_mutes::until.gt(self.now().as_micros()))
            .select((group_mutes::until, group_mutes::reason));
        let row: Option<(i64, Option<String>)> =
            on_backend!(self, |connection| found.first(connection).optional())?;
        Ok(row.map(|(until, reason)| mute(until, reason)))
    }

    fn put(&mut self, group: GroupId, user: UserId, mute: &Mute) -> Result<(), StorageFault> {
        let terms = (
            group_mutes::until.eq(mute.until.as_micros()),
            group_mutes::reason.eq(mute.reason.as_ref().map(Reason::as_str)),
        );
        let row = diesel::insert_into(group_mutes::table)
            .values((group_mutes::group_id.eq(group.get()), group_mutes::user_id.eq(user.get()), terms))
            .on_conflict((group_mutes::group_id, group_mutes::user_id))
            .do_update()
            .set(terms);
        on_backend!(self, |connection| row.execute(connection)).map(drop)
    }

    fn remove(&mut self, group: GroupId, user: UserId) -> Result<(), StorageFault> {
        let mute = group_mutes::table.find((group.get(), user.get()));
        on_backend!(self, |connection| diesel::delete(mute).execute(connection)).map(drop)
    }

    fn forget(&mut self, user: UserId, limit: i64) -> Result<bool, StorageFault> {
        let first = PICKED_MUTES
            .select(PICKED_MUTES.field(group_mutes::group_id))
            .filter(PICKED_MUTES.field(group_mutes::user_id).eq(user.get()))
            .order(PICKED_MUTES.field(group_mutes::group_id))
            .limit(limit);
        let removed = group_mutes::table
            .filter(group_mutes::user_id.eq(user.get()))
            .filter(group_mutes::group_id.eq_any(first));
        let removed = on_backend!(self, |connection| diesel::delete(removed).execute(connection))?;
        Ok(row_count(removed) < limit)
    }
}

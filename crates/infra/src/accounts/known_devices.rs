//! The devices on which users signed in recently.

use diesel::prelude::*;
use diesel::upsert::excluded;
use groupchat_domain::accounts::{KeyHash, KnownDeviceRepository};
use groupchat_domain::ids::UserId;
use groupchat_domain::storage::StorageFault;
use groupchat_domain::time::Timestamp;

use crate::connection::on_backend;
use crate::schema::known_devices;
use crate::tx::DbTx;

// A second name of the table, for subqueries that select the rows to remove.
diesel::alias!(const PICKED: Alias<Picked> = known_devices as picked);

/// More devices than a user can exceed the limit by with concurrent commands.
const FORGET_BATCH: i64 = 500;

impl KnownDeviceRepository for DbTx<'_> {
    fn owner(&mut self, device: &KeyHash, since: Timestamp) -> Result<Option<UserId>, StorageFault> {
        let owner = known_devices::table
            .select(known_devices::user_id)
            .filter(known_devices::hash.eq(device.as_bytes().as_slice()))
            .filter(known_devices::last_used_at.ge(since.as_micros()));
        let owner = on_backend!(self, |connection| owner.get_result(connection).optional())?;
        Ok(owner.map(UserId::new))
    }

    fn remember(
        &mut self,
        user: UserId,
        device: &KeyHash,
        at: Timestamp,
        keep: u32,
    ) -> Result<(), StorageFault> {
        let row = diesel::insert_into(known_devices::table)
            .values((
                known_devices::hash.eq(device.as_bytes().as_slice()),
                known_devices::user_id.eq(user.get()),
                known_devices::last_used_at.eq(at.as_micros()),
            ))
            .on_conflict(known_devices::hash)
            .do_update()
            .set(known_devices::last_used_at.eq(excluded(known_devices::last_used_at)));
        on_backend!(self, |connection| row.execute(connection))?;
        let surplus = PICKED
            .select(PICKED.field(known_devices::hash))
            .filter(PICKED.field(known_devices::user_id).eq(user.get()))
            .order((PICKED.field(known_devices::last_used_at).desc(), PICKED.field(known_devices::hash)))
            .limit(FORGET_BATCH)
            .offset(keep.into());
        let forgotten = known_devices::table.filter(known_devices::hash.eq_any(surplus));
        on_backend!(self, |connection| diesel::delete(forgotten).execute(connection)).map(drop)
    }

    fn forget(&mut self, user: UserId, except: Option<KeyHash>) -> Result<(), StorageFault> {
        let theirs = known_devices::table.filter(known_devices::user_id.eq(user.get()));
        match except {
            Some(kept) => {
                let others = theirs.filter(known_devices::hash.ne(kept.as_bytes().as_slice()));
                on_backend!(self, |connection| diesel::delete(others).execute(connection))
            }
            None => on_backend!(self, |connection| diesel::delete(theirs).execute(connection)),
        }
        .map(drop)
    }

    fn remove_old(&mut self, before: Timestamp, limit: i64) -> Result<usize, StorageFault> {
        let old = PICKED
            .select(PICKED.field(known_devices::hash))
            .filter(PICKED.field(known_devices::last_used_at).lt(before.as_micros()))
            .order(PICKED.field(known_devices::last_used_at))
            .limit(limit);
        let removed = known_devices::table.filter(known_devices::hash.eq_any(old));
        on_backend!(self, |connection| diesel::delete(removed).execute(connection))
    }
}

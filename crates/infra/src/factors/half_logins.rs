//! Logins that lack a second factor.

use diesel::prelude::*;
use groupchat_domain::accounts::{DeviceName, KeyHash, PasswordHash};
use groupchat_domain::factors::{HalfLogin, HalfLoginRepository, NewHalfLogin};
use groupchat_domain::ids::UserId;
use groupchat_domain::storage::StorageFault;
use groupchat_domain::time::Span;

use crate::connection::on_backend;
use crate::rows;
use crate::schema::half_logins;
use crate::tx::DbTx;

// A second name of the table, for subqueries that select the rows to remove.
diesel::alias!(const PICKED: Alias<Picked> = half_logins as picked);

/// More than a user can exceed the limit by.
const REMOVE_BATCH: i64 = 500;

fn half_of(row: rows::half_logins::Row) -> HalfLogin {
    HalfLogin {
        user: UserId::new(row.user_id),
        proven: PasswordHash::from_stored(row.proven),
        refresh: row.refresh,
        device_name: row.device_name.map(DeviceName::from_stored),
        failures: u32::try_from(row.failures).unwrap_or(u32::MAX),
    }
}

impl HalfLoginRepository for DbTx<'_> {
    fn insert(&mut self, half: &NewHalfLogin) -> Result<(), StorageFault> {
        let row = diesel::insert_into(half_logins::table).values((
            half_logins::hash.eq(half.ticket.as_bytes().as_slice()),
            half_logins::user_id.eq(half.user.get()),
            half_logins::proven.eq(half.proven.as_str()),
            half_logins::refresh.eq(half.refresh),
            half_logins::device_name.eq(half.device_name.as_ref().map(DeviceName::as_str)),
            half_logins::expires_at.eq(half.expires_at.as_micros()),
        ));
        on_backend!(self, |connection| row.execute(connection)).map(drop)
    }

    fn remove_oldest(&mut self, user: UserId, keep: u32) -> Result<(), StorageFault> {
        let surplus = PICKED
            .select(PICKED.field(half_logins::id))
            .filter(PICKED.field(half_logins::user_id).eq(user.get()))
            .order(PICKED.field(half_logins::id).desc())
            .limit(REMOVE_BATCH)
            .offset(keep.into());
        let removed = half_logins::table.filter(half_logins::id.eq_any(surplus));
        on_backend!(self, |connection| diesel::delete(removed).execute(connection)).map(drop)
    }

    fn find(&mut self, ticket: &KeyHash, expires: Span) -> Result<Option<HalfLogin>, StorageFault> {
        let good = half_logins::table
            .filter(half_logins::hash.eq(ticket.as_bytes().as_slice()))
            .filter(half_logins::expires_at.gt(expires.after.as_micros()))
            .filter(half_logins::expires_at.le(expires.until.as_micros()));
        let row =
            on_backend!(self, |connection| good.first::<rows::half_logins::Row>(connection).optional())?;
        Ok(row.map(half_of))
    }

    fn count_failure(&mut self, ticket: &KeyHash) -> Result<(), StorageFault> {
        let counted = half_logins::table.filter(half_logins::hash.eq(ticket.as_bytes().as_slice()));
        let update = diesel::update(counted).set(half_logins::failures.eq(half_logins::failures + 1));
        on_backend!(self, |connection| update.execute(connection)).map(drop)
    }

    fn remove(&mut self, ticket: &KeyHash) -> Result<bool, StorageFault> {
        let removed = half_logins::table.filter(half_logins::hash.eq(ticket.as_bytes().as_slice()));
        on_backend!(self, |connection| diesel::delete(removed).execute(connection)).map(|rows| rows > 0)
    }

    fn remove_all(&mut self, user: UserId) -> Result<(), StorageFault> {
        let removed = half_logins::table.filter(half_logins::user_id.eq(user.get()));
        on_backend!(self, |connection| diesel::delete(removed).execute(connection)).map(drop)
    }

    fn remove_others(&mut self, expires: Span, limit: i64) -> Result<usize, StorageFault> {
        let expires_at = PICKED.field(half_logins::expires_at);
        let is_other = expires_at.le(expires.after.as_micros()).or(expires_at.gt(expires.until.as_micros()));
        let others =
            PICKED.select(PICKED.field(half_logins::id)).filter(is_other).order(expires_at).limit(limit);
        let removed = half_logins::table.filter(half_logins::id.eq_any(others));
        on_backend!(self, |connection| diesel::delete(removed).execute(connection))
    }
}

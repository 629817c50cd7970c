//! Codes that reset passwords.

use diesel::prelude::*;
use groupchat_domain::accounts::{KeyHash, NewReset, PasswordResetRepository, PendingReset};
use groupchat_domain::codes::CodeHash;
use groupchat_domain::ids::UserId;
use groupchat_domain::storage::StorageFault;
use groupchat_domain::time::{Span, Timestamp};

use super::families::digest;
use crate::check::number;
use crate::connection::{Connection, on_backend};
use crate::schema::password_resets;
use crate::tx::DbTx;

// A second name of the table, for subqueries that select the rows to remove.
diesel::alias!(const PICKED: Alias<PickedReset> = password_resets as picked_reset);

/// Whether there is the table: a backup may be older.
const IS_THERE_ON_SQLITE: &str =
    "SELECT count(*) AS number FROM sqlite_schema WHERE type = 'table' AND name = 'password_resets'";
#[cfg(feature = "postgres")]
const IS_THERE_ON_POSTGRES: &str = "SELECT count(*) AS number FROM (SELECT to_regclass('password_resets') AS found) AS t WHERE found IS NOT NULL";

/// Forgets all codes after a restore: those that were used since the backup must not work again.
///
/// # Errors
/// The failure of a statement.
pub(crate) fn forget_resets(connection: &mut Connection<'_>) -> QueryResult<()> {
    let is_there = match connection {
        Connection::Sqlite(_) => IS_THERE_ON_SQLITE,
        #[cfg(feature = "postgres")]
        Connection::Postgres(_) => IS_THERE_ON_POSTGRES,
    };
    if number(connection, is_there)? == 0 {
        return Ok(());
    }
    on_backend!(connection, |connection| diesel::delete(password_resets::table).execute(connection)).map(drop)
}

impl PasswordResetRepository for DbTx<'_> {
    fn insert(&mut self, reset: &NewReset) -> Result<(), StorageFault> {
        let row = diesel::insert_into(password_resets::table).values((
            password_resets::user_id.eq(reset.user.get()),
            password_resets::hash.eq(reset.code.as_bytes().as_slice()),
            password_resets::state.eq(reset.state.as_bytes().as_slice()),
            password_resets::created_at.eq(reset.created_at.as_micros()),
            password_resets::expires_at.eq(reset.expires_at.as_micros()),
        ));
        on_backend!(self, |connection| row.execute(connection)).map(drop)
    }

    fn count(&mut self, user: UserId, issued: Span) -> Result<u32, StorageFault> {
        let counted = password_resets::table
            .filter(password_resets::user_id.eq(user.get()))
            .filter(password_resets::created_at.gt(issued.after.as_micros()))
            .filter(password_resets::created_at.le(issued.until.as_micros()))
            .count();
        let count = on_backend!(self, |connection| counted.get_result::<i64>(connection))?;
        Ok(u32::try_from(count).unwrap_or(u32::MAX))
    }

    fn find(&mut self, code: &CodeHash, expires: Span) -> Result<Option<PendingReset>, StorageFault> {
        let found = password_resets::table
            .select((password_resets::user_id, password_resets::state))
            .filter(password_resets::hash.eq(code.as_bytes().as_slice()))
            .filter(password_resets::used_at.is_null())
            .filter(password_resets::expires_at.gt(expires.after.as_micros()))
            .filter(password_resets::expires_at.le(expires.until.as_micros()));
        let found = on_backend!(self, |connection| found.first::<(i64, Vec<u8>)>(connection).optional())?;
        let pending = |(user, state): (i64, Vec<u8>)| PendingReset {
            user: UserId::new(user),
            state: KeyHash::new(digest(&state)),
        };
        Ok(found.map(pending))
    }

    fn use_up(&mut self, code: &CodeHash, expires: Span, at: Timestamp) -> Result<bool, StorageFault> {
        let unused = password_resets::table
            .filter(password_resets::hash.eq(code.as_bytes().as_slice()))
            .filter(password_resets::used_at.is_null())
            .filter(password_resets::expires_at.gt(expires.after.as_micros()))
            .filter(password_resets::expires_at.le(expires.until.as_micros()));
        let change = diesel::update(unused).set(password_resets::used_at.eq(at.as_micros()));
        on_backend!(self, |connection| change.execute(connection)).map(|rows| rows > 0)
    }

    fn remove_old(&mut self, before: Timestamp, limit: i64) -> Result<usize, StorageFault> {
        let old = PICKED
            .select(PICKED.field(password_resets::id))
            .filter(PICKED.field(password_resets::created_at).lt(before.as_micros()))
            .order(PICKED.field(password_resets::created_at))
            .limit(limit);
        let removed = password_resets::table.filter(password_resets::id.eq_any(old));
        on_backend!(self, |connection| diesel::delete(removed).execute(connection))
    }
}

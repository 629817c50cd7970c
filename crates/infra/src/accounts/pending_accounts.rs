//! Accounts that wait for a code.

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};
use groupchat_domain::accounts::{
    DisplayName, Email, NewPendingAccount, PasswordHash, PendingAccount, PendingAccountRepository, Username,
};
use groupchat_domain::codes::CodeHash;
use groupchat_domain::storage::StorageFault;
use groupchat_domain::time::{Span, Timestamp};

use crate::connection::on_backend;
use crate::schema::pending_accounts;
use crate::tx::DbTx;

// A second name of the table, for subqueries that select the rows to remove.
diesel::alias!(const PICKED: Alias<PickedPending> = pending_accounts as picked_pending);

#[derive(Queryable, Selectable)]
#[diesel(table_name = pending_accounts)]
struct PendingRow {
    username: String,
    display_name: Option<String>,
    email: String,
    password_hash: String,
}

impl From<PendingRow> for PendingAccount {
    fn from(row: PendingRow) -> Self {
        Self {
            username: Username::from_stored(row.username),
            display_name: row.display_name.map(DisplayName::from_stored),
            email: Email::from_stored(row.email),
            password: PasswordHash::from_stored(row.password_hash),
        }
    }
}

impl PendingAccountRepository for DbTx<'_> {
    fn insert(&mut self, pending: &NewPendingAccount, most: u32) -> Result<(), StorageFault> {
        let account = &pending.account;
        let row = diesel::insert_into(pending_accounts::table)
            .values((
                pending_accounts::code_hash.eq(pending.code.as_bytes().as_slice()),
                pending_accounts::username.eq(account.username.as_str()),
                pending_accounts::display_name.eq(account.display_name.as_ref().map(DisplayName::as_str)),
                pending_accounts::email.eq(account.email.as_str()),
                pending_accounts::password_hash.eq(account.password.as_str()),
                pending_accounts::created_at.eq(pending.created_at.as_micros()),
                pending_accounts::expires_at.eq(pending.expires_at.as_micros()),
            ))
            .returning(pending_accounts::id);
        let id: i64 = on_backend!(self, |connection| row.get_result(connection))?;
        // Ids only grow, so these are the latest, or fewer.
        let too_many = pending_accounts::table.filter(pending_accounts::id.le(id - i64::from(most)));
        on_backend!(self, |connection| diesel::delete(too_many).execute(connection)).map(drop)
    }

    fn count(&mut self, email: &Email, issued: Span) -> Result<u32, StorageFault> {
        // Written like the index.
        let has_email = sql::<Bool>("lower(email) = lower(").bind::<Text, _>(email.as_str()).sql(")");
        let counted = pending_accounts::table
            .filter(has_email)
            .filter(pending_accounts::created_at.gt(issued.after.as_micros()))
            .filter(pending_accounts::created_at.le(issued.until.as_micros()))
            .count();
        let count = on_backend!(self, |connection| counted.get_result::<i64>(connection))?;
        Ok(u32::try_from(count).unwrap_or(u32::MAX))
    }

    fn find(&mut self, code: &CodeHash, expires: Span) -> Result<Option<PendingAccount>, StorageFault> {
        let found = pending_accounts::table
            .filter(pending_accounts::code_hash.eq(code.as_bytes().as_slice()))
            .filter(pending_accounts::expires_at.gt(expires.after.as_micros()))
            .filter(pending_accounts::expires_at.le(expires.until.as_micros()));
        let found = on_backend!(self, |connection| found
            .select(PendingRow::as_select())
            .first(connection)
            .optional())?;
        Ok(found.map(PendingAccount::from))
    }

    fn remove(&mut self, code: &CodeHash) -> Result<bool, StorageFault> {
        let row = pending_accounts::table.filter(pending_accounts::code_hash.eq(code.as_bytes().as_slice()));
        on_backend!(self, |connection| diesel::delete(row).execute(connection)).map(|rows| rows > 0)
    }

    fn remove_old(&mut self, before: Timestamp, limit: i64) -> Result<usize, StorageFault> {
        let old = PICKED
            .select(PICKED.field(pending_accounts::id))
            .filter(PICKED.field(pending_accounts::created_at).lt(before.as_micros()))
            .order(PICKED.field(pending_accounts::created_at))
            .limit(limit);
        let removed = pending_accounts::table.filter(pending_accounts::id.eq_any(old));
        on_backend!(self, |connection| diesel::delete(removed).execute(connection))
    }
}

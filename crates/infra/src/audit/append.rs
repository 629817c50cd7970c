//! Appending entries, as the last thing before a COMMIT.

use diesel::prelude::*;
use groupchat_domain::audit::AuditEntry;
use groupchat_domain::time::Timestamp;

use super::chain::Chain;
use crate::connection::{Connection, on_backend};
use crate::rows::audit_log::Row;
use crate::schema::{audit_log, audit_state};

/// Rows per statement.
const ROWS_PER_INSERT: usize = 32;

/// An entry, and when it was recorded.
pub(crate) type Recorded = (Timestamp, AuditEntry);

/// Appends entries to the log. On PostgreSQL, all who append take turns from here to their COMMIT.
///
/// # Errors
/// The failure of a statement. The transaction must then be rolled back.
pub(crate) fn append(connection: &mut Connection<'_>, recorded: Vec<Recorded>) -> QueryResult<()> {
    if recorded.is_empty() {
        return Ok(());
    }
    let mut chain = lock_head(connection)?;
    let mut rows: Vec<_> = recorded.into_iter().map(row).collect();
    rows.iter_mut().for_each(|row| chain.extend(row));
    for some in rows.chunks(ROWS_PER_INSERT) {
        let insert = diesel::insert_into(audit_log::table);
        on_backend!(connection, |connection| insert.values(some.to_vec()).execute(connection))?;
    }
    let head = (audit_state::newest.eq(chain.seq), audit_state::newest_hash.eq(chain.hash.0.as_slice()));
    let update = diesel::update(audit_state::table).set(head);
    on_backend!(connection, |connection| update.execute(connection)).map(drop)
}

/// The newest entry. It stays the newest one until this transaction appends others: an update locks the row, and reads
/// what was committed last.
fn lock_head(connection: &mut Connection<'_>) -> QueryResult<Chain> {
    let update = diesel::update(audit_state::table).set(audit_state::newest.eq(audit_state::newest));
    let update = update.returning((audit_state::newest, audit_state::newest_hash));
    let (seq, hash): (i64, Vec<u8>) = on_backend!(connection, |connection| update.get_result(connection))?;
    Ok(Chain::stored(seq, &hash))
}

/// An entry without its number and its hash.
fn row((at, entry): Recorded) -> Row {
    Row {
        seq: 0,
        at: at.as_micros(),
        action: entry.action.as_str().to_owned(),
        outcome: entry.outcome.as_str().to_owned(),
        party: entry.party.as_str().to_owned(),
        actor_id: entry.actor.map(|id| id.get()),
        session_id: entry.session.map(|id| id.get()),
        target_id: entry.target.map(|id| id.get()),
        group_id: entry.group.map(|id| id.get()),
        object_id: entry.object,
        detail: entry.detail,
        address: entry.origin.address.map(|address| address.to_string()),
        user_agent: entry.origin.user_agent.map(|agent| agent.as_str().to_owned()),
        hash: Vec::new(),
    }
}

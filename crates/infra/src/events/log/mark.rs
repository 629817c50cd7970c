//! The mark of an unfinished copy: a reserved word as the epoch of its log.

use diesel::prelude::*;

use crate::connection::{Connection, on_backend};
use crate::schema::log_state;

/// The reserved word. Real epochs are 32 hexadecimal digits.
pub(crate) const UNFINISHED: &str = "unfinished copy";

/// Whether the database is marked.
///
/// # Errors
/// The failure of the statement.
pub(crate) fn is_unfinished(connection: &mut Connection<'_>) -> QueryResult<bool> {
    let marked = log_state::table.filter(log_state::epoch.eq(UNFINISHED));
    let marks: i64 = on_backend!(connection, |connection| marked.count().get_result(connection))?;
    Ok(marks > 0)
}

/// Marks the database, or gives its log a real epoch.
///
/// # Errors
/// The failure of the statement.
pub(crate) fn set_epoch(connection: &mut Connection<'_>, epoch: &str) -> QueryResult<()> {
    let set = diesel::insert_into(log_state::table)
        .values((log_state::id.eq(1), log_state::epoch.eq(epoch)))
        .on_conflict(log_state::id)
        .do_update()
        .set(log_state::epoch.eq(epoch));
    on_backend!(connection, |connection| set.execute(connection)).map(drop)
}

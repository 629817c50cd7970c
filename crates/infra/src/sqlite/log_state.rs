//! The log's epoch and head in a SQLite file.

use std::path::Path;

use diesel::prelude::*;
use diesel::result::QueryResult;
use diesel::sql_types::BigInt;
use groupchat_domain::ids::EventId;

use super::error::OpenError;
use crate::connection::Connection;
use crate::events::log::{mark, new_epoch};
use crate::schema::log_state;

/// Gives the log an epoch, 128 random bits, unless it has one. The epoch distinguishes this log's positions from those
/// of other logs.
///
/// # Errors
/// The failure of a statement, no random numbers, or [`OpenError::Unfinished`].
pub(super) fn ensure_epoch(connection: &mut SqliteConnection, path: &Path) -> Result<(), OpenError> {
    refuse_unfinished(connection, path)?;
    diesel::insert_or_ignore_into(log_state::table)
        .values((
            log_state::id.eq(1),
            log_state::epoch.eq(new_epoch().map_err(|error| OpenError::NoRandomness(error.to_string()))?),
        ))
        .execute(connection)
        .map(|_| ())
        .map_err(|error| OpenError::from_reason(path, &error.to_string()))
}

/// Rejects an incomplete copy of another database.
///
/// # Errors
/// [`OpenError::Unfinished`], or the failure of the statement.
pub(super) fn refuse_unfinished(connection: &mut SqliteConnection, path: &Path) -> Result<(), OpenError> {
    match mark::is_unfinished(&mut Connection::Sqlite(connection)) {
        Ok(false) => Ok(()),
        Ok(true) => Err(OpenError::Unfinished(path.to_owned())),
        Err(error) => Err(OpenError::from_reason(path, &error.to_string())),
    }
}

/// Gives the log a new epoch, so that cursors of the earlier log are recognized.
///
/// # Errors
/// The failure of a statement, or no random numbers.
pub(super) fn renew_epoch(connection: &mut SqliteConnection, path: &Path) -> Result<(), OpenError> {
    diesel::replace_into(log_state::table)
        .values((
            log_state::id.eq(1),
            log_state::epoch.eq(new_epoch().map_err(|error| OpenError::NoRandomness(error.to_string()))?),
        ))
        .execute(connection)
        .map(|_| ())
        .map_err(|error| OpenError::from_reason(path, &error.to_string()))
}

#[derive(QueryableByName)]
struct Head {
    #[diesel(sql_type = BigInt)]
    seq: i64,
}

/// The id of the newest event ever logged. It is AUTOINCREMENT's counter for the table, which also follows explicit
/// ids, and which the removal of old events can't set back.
///
/// # Errors
/// The failure of the statement.
pub(super) fn read_head(connection: &mut SqliteConnection) -> QueryResult<EventId> {
    let head: Option<Head> = diesel::sql_query("SELECT seq FROM sqlite_sequence WHERE name = 'events'")
        .get_result(connection)
        .optional()?;
    Ok(EventId::new(head.map_or(0, |head| head.seq)))
}

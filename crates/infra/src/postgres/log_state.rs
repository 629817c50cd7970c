//! The log's epoch and head in a PostgreSQL database.

use diesel::prelude::*;
use groupchat_domain::ids::Position;

use super::error::OpenError;
use crate::connection::Connection;
use crate::events::log::{mark, new_epoch};
use crate::schema::{events, log_state};

/// Gives the log an epoch unless it has one. `database` is for error messages.
///
/// # Errors
/// The failure of the statement, no random numbers, or [`OpenError::Unfinished`].
pub(super) fn ensure_epoch(connection: &mut PgConnection, database: &str) -> Result<(), OpenError> {
    refuse_unfinished(connection, database)?;
    let epoch = new_epoch().map_err(|error| OpenError::NoRandomness(error.to_string()))?;
    diesel::insert_into(log_state::table)
        .values((log_state::id.eq(1), log_state::epoch.eq(epoch)))
        .on_conflict_do_nothing()
        .execute(connection)
        .map(drop)
        .map_err(|error| refused(database, &error))
}

/// Rejects an incomplete copy of another database.
///
/// # Errors
/// [`OpenError::Unfinished`], or the failure of the statement.
pub(super) fn refuse_unfinished(connection: &mut PgConnection, database: &str) -> Result<(), OpenError> {
    match mark::is_unfinished(&mut Connection::Postgres(connection)) {
        Ok(false) => Ok(()),
        Ok(true) => Err(OpenError::Unfinished(database.to_owned())),
        Err(error) => Err(refused(database, &error)),
    }
}

/// The highest position in the log. The newest event with a position is never removed, so it can't go back.
///
/// # Errors
/// The failure of the statement.
pub(super) fn head(connection: &mut PgConnection, database: &str) -> Result<Position, OpenError> {
    let head: Option<i64> = events::table
        .select(diesel::dsl::max(events::position))
        .first(connection)
        .map_err(|error| refused(database, &error))?;
    Ok(head.map_or(Position::ZERO, Position::new))
}

/// The error of a statement that failed while the database was being opened.
pub(super) fn refused(database: &str, error: &diesel::result::Error) -> OpenError {
    OpenError::Database { database: database.to_owned(), reason: error.to_string() }
}

//! The log's epoch and head in a PostgreSQL database.

use diesel::prelude::*;
use groupchat_domain::ids::Position;

use super::error::OpenError;
use crate::event_log::new_epoch;
use crate::schema::{events, log_state};

/// Gives the log an epoch unless it has one. `database` is for the words of an error.
///
/// # Errors
/// The failure of the statement, or no random numbers.
pub(super) fn ensure_epoch(connection: &mut PgConnection, database: &str) -> Result<(), OpenError> {
    let epoch = new_epoch().map_err(|error| OpenError::NoRandomness(error.to_string()))?;
    diesel::insert_into(log_state::table)
        .values((log_state::id.eq(1), log_state::epoch.eq(epoch)))
        .on_conflict_do_nothing()
        .execute(connection)
        .map(drop)
        .map_err(|error| refused(database, &error))
}

/// The greatest place in the log. The newest numbered event is never removed, so that it can't be reset.
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

fn refused(database: &str, error: &diesel::result::Error) -> OpenError {
    OpenError::Database { database: database.to_owned(), reason: error.to_string() }
}

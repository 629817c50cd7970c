//! Whether the clock is behind the stored data.

use std::time::Duration;

use diesel::prelude::*;
use groupchat_domain::time::Timestamp;

use super::{CheckOutcome, number};
use crate::connection::Connection;

/// By how much the newest row may be ahead of the clock: it can be stored while the check runs.
const TOLERANCE: Duration = Duration::from_secs(60);

/// The newest time that is stored, by the newest row of each table that grows.
const NEWEST: &str = "SELECT coalesce(max(at), 0) AS number FROM ( \
    SELECT (SELECT at FROM events ORDER BY id DESC LIMIT 1) AS at \
    UNION ALL SELECT (SELECT created_at FROM messages ORDER BY id DESC LIMIT 1) \
    UNION ALL SELECT (SELECT created_at FROM sessions ORDER BY id DESC LIMIT 1) \
    UNION ALL SELECT (SELECT created_at FROM users ORDER BY id DESC LIMIT 1)) AS newest";

/// Compares the clock, which says `now`, with what is stored.
///
/// # Errors
/// The failure of the statement.
pub(crate) fn newest_row(
    connection: &mut Connection<'_>,
    now: Timestamp,
) -> QueryResult<(CheckOutcome, String)> {
    let newest = number(connection, NEWEST)?;
    let ahead = Duration::from_micros(newest.saturating_sub(now.as_micros()).try_into().unwrap_or(0));
    Ok(if ahead <= TOLERANCE {
        (CheckOutcome::Passed, "the clock is not behind the stored data".to_owned())
    } else {
        (CheckOutcome::Failed, format!("the clock is {} seconds behind the newest row", ahead.as_secs()))
    })
}

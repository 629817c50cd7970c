//! The sequencer: assigns positions in the log to events after their commit.
//!
//! An event's id is taken in a transaction that can commit later than one with a greater id, so a reader that continues
//! after the greatest id it has seen would miss events. Here one session at a time, the holder of
//! [`AdvisoryLock::Numbering`](super::AdvisoryLock), assigns positions to committed events in the order of ids. Within
//! a group, that is the order of the changes, because ids are taken under the group's lock: a reader that sees an event
//! has seen all earlier events of its group. If one command starts after another has ended, the events of the earlier
//! one have lower ids and are already there when those of the later one are.

use diesel::prelude::*;
use diesel::sql_types::BigInt;

/// Events per statement. Each statement is a transaction of its own.
pub(super) const BATCH: usize = 500;

/// One statement, so one snapshot: the highest position and the events without one come from the same moment. If
/// another connection assigned positions at the same time, the unique index on `position` would reject one of them.
const NUMBER: &str = "\
    UPDATE events SET position = numbered.position FROM ( \
        SELECT id, (SELECT coalesce(max(position), 0) FROM events) + row_number() OVER (ORDER BY id) AS position \
        FROM (SELECT id FROM events WHERE position IS NULL ORDER BY id LIMIT $1) AS unnumbered \
    ) AS numbered WHERE events.id = numbered.id";

/// Assigns positions to some of the events that have none, and returns how many. If they are fewer than [`BATCH`], none
/// are left.
///
/// # Errors
/// The failure of the statement. Then no positions were assigned.
pub(crate) fn assign_positions(connection: &mut PgConnection) -> QueryResult<usize> {
    diesel::sql_query(NUMBER).bind::<BigInt, _>(BATCH as i64).execute(connection)
}

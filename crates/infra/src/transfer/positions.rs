//! Converts a log whose ids and positions differ for SQLite.
//!
//! PostgreSQL assigns an event's id inside the transaction and its position after the commit, so their orders can
//! differ. SQLite has one number for both. There an event's id becomes its position, and everything that refers to ids
//! must follow: `memberships.since_event`, the event from which on a member sees the group's events.
//!
//! **A member sees the same events before and after.** Let `s` be the `since_event` of a membership in the group `g`,
//! and `E` the events addressed to `g`, the only ones that `s` is compared with. Whoever emits one holds the lock of
//! `g` from before its id is taken until the commit, and positions are assigned to committed events in the order of
//! ids. So within `E`, the order of ids *is* that of positions. Therefore the events of `E` with an id ≥ `s` are also
//! its last ones by position. Any `s'` above the positions of the others and not above those of the last ones makes an
//! event of `E` have an id ≥ `s` exactly if its position is ≥ `s'`. If there are no last ones, `s'` must not be above
//! the head of the log + 1, which is the next position, so that later events are visible. Of the numbers in this span,
//! `s'` is the nearest to `s`, so that nothing changes in a log whose ids equal its positions.

use std::collections::HashMap;

use diesel::dsl::{max, min};
use diesel::prelude::*;

use crate::connection::{Connection, on_backend};
use crate::rows::memberships::Row as MembershipRow;
use crate::schema::events;

/// The audiences that consist of a group's members.
const TO_MEMBERS: [&str; 2] = ["group", "group_and_user"];

/// The first and last events of each group.
#[derive(Debug, Clone, Copy)]
struct GroupLog {
    first_id: i64,
    last_id: i64,
    first_position: i64,
    last_position: i64,
}

/// A group, with the lowest and highest ids and positions of its events.
type Ends = (Option<i64>, Option<i64>, Option<i64>, Option<i64>, Option<i64>);

/// The span of positions at which a membership may begin.
#[derive(Debug, Clone, Copy)]
struct PositionSpan {
    /// The last event of the group that the member doesn't see.
    unseen: Option<i64>,
    /// The first event that the member sees.
    seen: Option<i64>,
}

/// The positions of the events of a log.
#[derive(Debug)]
pub(super) struct Positions {
    head: i64,
    groups: HashMap<i64, GroupLog>,
}

impl Positions {
    /// Reads the log. Uses some 50 bytes of memory per group.
    ///
    /// # Errors
    /// The failure of a statement.
    pub(super) fn read(source: &mut Connection<'_>) -> QueryResult<Self> {
        let head = on_backend!(source, |connection| {
            events::table.select(max(events::position)).get_result::<Option<i64>>(connection)
        })?;
        let logs =
            events::table.filter(events::audience.eq_any(TO_MEMBERS)).group_by(events::group_id).select((
                events::group_id,
                min(events::id),
                max(events::id),
                min(events::position),
                max(events::position),
            ));
        let ends: Vec<Ends> = on_backend!(source, |connection| logs.load(connection))?;
        let group_log = |(group, first_id, last_id, first_position, last_position): Ends| {
            let (first_id, last_id) = (first_id?, last_id?);
            let (first_position, last_position) = (first_position?, last_position?);
            Some((group?, GroupLog { first_id, last_id, first_position, last_position }))
        };
        Ok(Self { head: head.unwrap_or(0), groups: ends.into_iter().filter_map(group_log).collect() })
    }

    /// The position of the newest event.
    pub(super) const fn head(&self) -> i64 {
        self.head
    }

    /// Replaces the event ids of memberships by positions.
    ///
    /// # Errors
    /// The failure of a statement.
    pub(super) fn map_memberships(
        &self,
        rows: &mut [MembershipRow],
        source: &mut Connection<'_>,
    ) -> QueryResult<()> {
        let starts = starts(rows, source)?;
        for row in rows {
            row.since_event = match starts.get(&(row.group_id, row.since_event)) {
                Some(position) => *position,
                None => {
                    let PositionSpan { unseen, seen } = self.span(row.group_id, row.since_event, source)?;
                    let least = unseen.map_or(0, |position| position + 1);
                    row.since_event.max(least).min(seen.unwrap_or(self.head + 1))
                }
            };
        }
        Ok(())
    }

    /// The position from which on a member sees the events of a group, given the id. Queries the database only if the
    /// id is between those of the group and equals none of them, which no program has stored.
    fn span(&self, group: i64, id: i64, source: &mut Connection<'_>) -> QueryResult<PositionSpan> {
        match self.groups.get(&group) {
            None => Ok(PositionSpan { unseen: None, seen: None }),
            Some(log) if id <= log.first_id => {
                Ok(PositionSpan { unseen: None, seen: Some(log.first_position) })
            }
            Some(log) if id > log.last_id => Ok(PositionSpan { unseen: Some(log.last_position), seen: None }),
            Some(_) => {
                let log = events::table
                    .filter(events::group_id.eq(group))
                    .filter(events::audience.eq_any(TO_MEMBERS));
                let unseen = log.clone().filter(events::id.lt(id)).select(max(events::position));
                let seen = log.filter(events::id.ge(id)).select(min(events::position));
                Ok(PositionSpan {
                    unseen: on_backend!(source, |connection| unseen.get_result(connection))?,
                    seen: on_backend!(source, |connection| seen.get_result(connection))?,
                })
            }
        }
    }
}

/// The positions of the events with which memberships begin, if they are still in the log, by group and id. Normally a
/// membership begins with its own `member.added`.
fn starts(rows: &[MembershipRow], source: &mut Connection<'_>) -> QueryResult<HashMap<(i64, i64), i64>> {
    let ids: Vec<_> = rows.iter().map(|row| row.since_event).collect();
    let found: Vec<(Option<i64>, i64, Option<i64>)> = on_backend!(source, |connection| {
        events::table
            .filter(events::id.eq_any(ids))
            .filter(events::audience.eq_any(TO_MEMBERS))
            .select((events::group_id, events::id, events::position))
            .load(connection)
    })?;
    Ok(found.into_iter().filter_map(|(group, id, position)| Some(((group?, id), position?))).collect())
}

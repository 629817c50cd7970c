//! Giving a log to SQLite in which ids and positions differ.
//!
//! PostgreSQL gives an event its id inside the transaction and its position after the commit, so the two need not
//! have the same order; SQLite has one number for both. There an event gets its position for an id, and what
//! refers to ids must follow: `memberships.since_event`, from which on a member sees the events of the group.
//!
//! **A member sees the same events before and after.** Let `s` be the `since_event` of a membership in the group
//! `g`, and `E` the events addressed to `g`, the only ones that `s` is compared with. Whoever emits one holds the
//! lock of `g` from before its id is taken until the commit, and positions are given to committed events in the
//! order of ids; so in `E` alone the order of ids *is* that of positions. The events of `E` with an id ≥ `s` are
//! therefore its last ones by position too. With `s'` := the least position among them, an event of `E` has an
//! id ≥ `s` exactly if it has a position ≥ `s'`. If there is none among them, `s'` := the head of the log + 1:
//! every event of `E` so far has a lesser position and stays unseen, every later one has a greater one.

use std::collections::HashMap;

use diesel::dsl::{max, min};
use diesel::prelude::*;

use super::rows::MembershipRow;
use crate::connection::{Connection, on_backend};
use crate::schema::events;

/// The audiences that consist of a group's members.
const TO_MEMBERS: [&str; 2] = ["group", "group_and_user"];

/// The events addressed to one group.
#[derive(Debug, Clone, Copy)]
struct GroupLog {
    first_id: i64,
    last_id: i64,
    first_position: i64,
}

/// Where the events of a log are.
#[derive(Debug, Default)]
pub(super) struct Positions {
    head: i64,
    groups: HashMap<i64, GroupLog>,
}

/// A group, and the least id, the greatest id and the least position among its events.
type Bounds = (Option<i64>, Option<i64>, Option<i64>, Option<i64>);

impl Positions {
    /// Looks the log through. Takes some 50 bytes of memory for each group.
    ///
    /// # Errors
    /// The failure of a statement.
    pub(super) fn read(source: &mut Connection<'_>) -> QueryResult<Self> {
        let head = on_backend!(source, |connection| {
            events::table.select(max(events::position)).get_result::<Option<i64>>(connection)
        })?;
        let bounds: Vec<Bounds> = on_backend!(source, |connection| {
            events::table
                .filter(events::audience.eq_any(TO_MEMBERS))
                .group_by(events::group_id)
                .select((events::group_id, min(events::id), max(events::id), min(events::position)))
                .load(connection)
        })?;
        let group_log = |(group, first_id, last_id, first_position): Bounds| {
            let log = GroupLog { first_id: first_id?, last_id: last_id?, first_position: first_position? };
            Some((group?, log))
        };
        Ok(Self { head: head.unwrap_or(0), groups: bounds.into_iter().filter_map(group_log).collect() })
    }

    /// The position of the newest event.
    pub(super) const fn head(&self) -> i64 {
        self.head
    }

    /// Gives memberships the positions from which on their member sees events.
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
                None => self.first_from(row.group_id, row.since_event, source)?,
            };
        }
        Ok(())
    }

    /// The least position among the events of a group that have at least this id. Asks the database only if
    /// the id is amid those of the group and yet none of them, which no program has stored.
    fn first_from(&self, group: i64, id: i64, source: &mut Connection<'_>) -> QueryResult<i64> {
        let after_all = self.head + 1;
        match self.groups.get(&group) {
            Some(log) if id <= log.first_id => Ok(log.first_position),
            Some(log) if id <= log.last_id => {
                let first: Option<i64> = on_backend!(source, |connection| {
                    events::table
                        .filter(events::group_id.eq(group))
                        .filter(events::audience.eq_any(TO_MEMBERS))
                        .filter(events::id.ge(id))
                        .select(min(events::position))
                        .get_result(connection)
                })?;
                Ok(first.unwrap_or(after_all))
            }
            _ => Ok(after_all),
        }
    }
}

/// The positions of the events that memberships begin with, as far as they are still in the log, by group and id:
/// normally a membership begins with its own `member.added`.
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

//! The events of one command, for a database with concurrent writers: they get ids now, and positions later.

use diesel::prelude::*;
use diesel::sql_types::BigInt;
use groupchat_domain::ids::EventId;

use super::row::EventRow;
use crate::schema::events;

/// The events of a command, in the order in which they were emitted.
///
/// Normally the insert assigns the ids, in the order of its rows. Only a command that asks for an id beforehand takes
/// ids from the sequence itself, and then for all of its events.
#[derive(Default)]
pub(crate) struct CommandEvents {
    rows: Vec<EventRow>,
    /// Ids taken so far: one for each of the first rows, and perhaps one for the next row.
    ids: Vec<EventId>,
}

impl CommandEvents {
    /// Adds an event.
    pub(crate) fn push(&mut self, row: EventRow) {
        self.rows.push(row);
    }

    /// Whether there are no events.
    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The id of the next event.
    ///
    /// # Errors
    /// The failure of the statement.
    pub(crate) fn next_id(&mut self, connection: &mut PgConnection) -> QueryResult<EventId> {
        self.take_ids(connection, self.rows.len() + 1)?;
        Ok(self.ids[self.rows.len()])
    }

    /// Takes ids until there are this many.
    fn take_ids(&mut self, connection: &mut PgConnection, count: usize) -> QueryResult<()> {
        let missing = i64::try_from(count.saturating_sub(self.ids.len())).unwrap_or(i64::MAX);
        if missing > 0 {
            let taken: Vec<TakenIds> = diesel::sql_query(
                "SELECT nextval(pg_get_serial_sequence('events', 'id')) AS id FROM generate_series(1, $1)",
            )
            .bind::<BigInt, _>(missing)
            .load(connection)?;
            self.ids.extend(taken.into_iter().map(|row| EventId::new(row.id)));
        }
        Ok(())
    }

    /// Appends the events to the log, without positions.
    ///
    /// # Errors
    /// The failure of a statement.
    pub(crate) fn append(mut self, connection: &mut PgConnection) -> QueryResult<()> {
        if self.ids.is_empty() {
            return match self.rows.as_slice() {
                [] => Ok(()),
                // This is the usual case, and its statement is prepared once.
                [one] => diesel::insert_into(events::table).values(*one).execute(connection).map(drop),
                many => diesel::insert_into(events::table).values(many).execute(connection).map(drop),
            };
        }
        self.take_ids(connection, self.rows.len())?;
        let rows: Vec<_> =
            self.ids.iter().zip(self.rows).map(|(id, row)| (events::id.eq(id.get()), row)).collect();
        diesel::insert_into(events::table).values(rows).execute(connection).map(drop)
    }
}

#[derive(QueryableByName)]
struct TakenIds {
    #[diesel(sql_type = BigInt)]
    id: i64,
}

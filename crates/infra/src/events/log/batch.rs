//! The events of a batch of commands, for a database with a single writer, where positions are known at once.

use diesel::prelude::*;
use groupchat_domain::events::LoggedEvent;
use groupchat_domain::ids::EventId;

use super::row::EventRow;
use crate::schema::events;

/// Rows per statement. The statement for a full set is prepared once; one for the rest is prepared for each batch.
const ROWS_PER_INSERT: usize = 32;

/// The events of a batch, numbered from the log's head without gaps.
pub(crate) struct EventBuffer {
    head: EventId,
    events: Vec<LoggedEvent>,
}

impl EventBuffer {
    /// An empty buffer for a log whose last event is `head`.
    pub(crate) const fn new(head: EventId) -> Self {
        Self { head, events: Vec::new() }
    }

    /// The id of the next event.
    pub(crate) fn next_id(&self) -> EventId {
        self.last_id().next()
    }

    /// The id of the last event: of the log's last one if the buffer is empty.
    pub(crate) fn last_id(&self) -> EventId {
        self.events.last().map_or(self.head, |event| event.id)
    }

    /// Adds an event with the id [`next_id`](Self::next_id).
    pub(crate) fn push(&mut self, event: LoggedEvent) {
        self.events.push(event);
    }

    /// The number of events, for [`truncate`](Self::truncate).
    pub(crate) fn len(&self) -> usize {
        self.events.len()
    }

    /// Removes the events after the first `len`. Their ids are assigned again.
    pub(crate) fn truncate(&mut self, len: usize) {
        self.events.truncate(len);
    }

    /// The events.
    pub(crate) fn events(&self) -> &[LoggedEvent] {
        &self.events
    }
}

/// Appends events to the log.
///
/// # Errors
/// The failure of the statement. The transaction must then be rolled back.
pub(crate) fn append(connection: &mut SqliteConnection, logged: &[LoggedEvent]) -> QueryResult<()> {
    let (chunks, rest) = logged.as_chunks::<ROWS_PER_INSERT>();
    for chunk in chunks {
        let rows = chunk.each_ref().map(numbered_row);
        diesel::insert_into(events::table).values(rows).execute(connection)?;
    }
    match rest {
        [] => {}
        [one] => {
            diesel::insert_into(events::table).values(numbered_row(one)).execute(connection)?;
        }
        many => {
            let rows: Vec<_> = many.iter().map(numbered_row).collect();
            diesel::insert_into(events::table).values(rows).execute(connection)?;
        }
    }
    Ok(())
}

fn numbered_row(logged: &LoggedEvent) -> (diesel::dsl::Eq<events::id, i64>, EventRow) {
    let row = EventRow::new(logged.at, logged.audience, logged.actor, &logged.event);
    (events::id.eq(logged.id.get()), row)
}

//! The events of a batch of commands, for a database with a single writer: their positions are known at once.

use diesel::prelude::*;
use groupchat_domain::events::LoggedEvent;
use groupchat_domain::ids::EventId;

use super::row::EventRow;
use crate::schema::events;

/// Rows to one statement. Of this size it is prepared once; what is left over is prepared for each batch.
const ROWS_PER_INSERT: usize = 32;

/// The events of a batch, numbered without gaps from the log's head on.
pub(crate) struct EventBuffer {
    head: EventId,
    events: Vec<LoggedEvent>,
}

impl EventBuffer {
    /// An empty buffer on top of a log whose last event is `head`.
    pub(crate) const fn new(head: EventId) -> Self {
        Self { head, events: Vec::new() }
    }

    /// The id of the next event.
    pub(crate) fn next_id(&self) -> EventId {
        self.last_id().next()
    }

    /// The id of the last event, of the log's if there is none here.
    pub(crate) fn last_id(&self) -> EventId {
        self.events.last().map_or(self.head, |event| event.id)
    }

    /// Adds an event that bears [`next_id`](Self::next_id).
    pub(crate) fn push(&mut self, event: LoggedEvent) {
        self.events.push(event);
    }

    /// How many events there are, to come back to with [`truncate`](Self::truncate).
    pub(crate) fn len(&self) -> usize {
        self.events.len()
    }

    /// Drops the events after the first `len`; their ids are given out again.
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
/// The failure of the statement; then the transaction must be rolled back.
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

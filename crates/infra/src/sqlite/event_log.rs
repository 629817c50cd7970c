//! The event log: the events of a batch in memory, and how they are appended.

use std::path::Path;

use diesel::prelude::*;
use diesel::result::QueryResult;
use diesel::sql_types::BigInt;
use groupchat_domain::events::{Audience, LoggedEvent};
use groupchat_domain::ids::EventId;

use super::error::OpenError;
use super::schema::{events, log_state};

/// Rows to one statement. Of this size it is prepared once; what is left over is prepared for each batch.
const ROWS_PER_INSERT: usize = 32;

/// The events of a batch, numbered without gaps from the log's head on.
pub(super) struct EventBuffer {
    head: EventId,
    events: Vec<LoggedEvent>,
}

impl EventBuffer {
    /// An empty buffer on top of a log whose last event is `head`.
    pub(super) const fn new(head: EventId) -> Self {
        Self { head, events: Vec::new() }
    }

    /// The id of the next event.
    pub(super) fn next_id(&self) -> EventId {
        self.last_id().next()
    }

    /// The id of the last event, of the log's where there is none here.
    pub(super) fn last_id(&self) -> EventId {
        self.events.last().map_or(self.head, |event| event.id)
    }

    /// Adds an event that bears [`next_id`](Self::next_id).
    pub(super) fn push(&mut self, event: LoggedEvent) {
        self.events.push(event);
    }

    /// How many events there are, to come back to with [`truncate`](Self::truncate).
    pub(super) fn len(&self) -> usize {
        self.events.len()
    }

    /// Drops the events after the first `len`; their ids are given out again.
    pub(super) fn truncate(&mut self, len: usize) {
        self.events.truncate(len);
    }

    /// The events.
    pub(super) fn events(&self) -> &[LoggedEvent] {
        &self.events
    }
}

#[derive(Insertable)]
#[diesel(table_name = events, treat_none_as_default_value = false)]
struct EventRow {
    id: i64,
    at: i64,
    event_type: &'static str,
    actor_id: Option<i64>,
    audience: &'static str,
    group_id: Option<i64>,
    user_id: Option<i64>,
    message_id: Option<i64>,
    session_id: Option<i64>,
}

impl From<&LoggedEvent> for EventRow {
    fn from(logged: &LoggedEvent) -> Self {
        let event = &logged.event;
        let mut row = Self {
            id: logged.id.get(),
            at: logged.at.as_micros(),
            event_type: event.event_type().as_str(),
            actor_id: logged.actor.map(|id| id.get()),
            audience: "all",
            group_id: event.subject_group().map(|id| id.get()),
            user_id: event.subject_user().map(|id| id.get()),
            message_id: event.subject_message().map(|id| id.get()),
            session_id: None,
        };
        row.address_to(logged.audience);
        row
    }
}

impl EventRow {
    /// Where an audience names a group or a user, it is the one that the event is about.
    fn address_to(&mut self, audience: Audience) {
        match audience {
            Audience::All => self.audience = "all",
            Audience::Group(group) => {
                self.audience = "group";
                self.group_id = Some(group.get());
            }
            Audience::GroupAndUser(group, user) => {
                self.audience = "group_and_user";
                self.group_id = Some(group.get());
                self.user_id = Some(user.get());
            }
            Audience::User(user) => {
                self.audience = "user";
                self.user_id = Some(user.get());
            }
            Audience::Session(session) => {
                self.audience = "session";
                self.session_id = Some(session.get());
            }
        }
    }
}

/// Appends events to the log.
///
/// # Errors
/// The failure of the statement; then the transaction must be rolled back.
pub(super) fn append(connection: &mut SqliteConnection, logged: &[LoggedEvent]) -> QueryResult<()> {
    let (chunks, rest) = logged.as_chunks::<ROWS_PER_INSERT>();
    for chunk in chunks {
        let rows = chunk.each_ref().map(EventRow::from);
        diesel::insert_into(events::table).values(rows).execute(connection)?;
    }
    match rest {
        [] => {}
        [one] => {
            diesel::insert_into(events::table).values(EventRow::from(one)).execute(connection)?;
        }
        many => {
            let rows: Vec<_> = many.iter().map(EventRow::from).collect();
            diesel::insert_into(events::table).values(rows).execute(connection)?;
        }
    }
    Ok(())
}

/// Gives the log an epoch, 128 random bits, unless it has one: what tells the positions of this log from those
/// of another.
///
/// # Errors
/// The failure of a statement, or no random numbers.
pub(super) fn ensure_epoch(connection: &mut SqliteConnection, path: &Path) -> Result<(), OpenError> {
    diesel::insert_or_ignore_into(log_state::table)
        .values((log_state::id.eq(1), log_state::epoch.eq(new_epoch()?)))
        .execute(connection)
        .map(|_| ())
        .map_err(|error| OpenError::from_reason(path, &error.to_string()))
}

/// Gives the log another epoch, so that a position of the log as it was is recognised as such.
///
/// # Errors
/// The failure of a statement, or no random numbers.
pub(super) fn renew_epoch(connection: &mut SqliteConnection, path: &Path) -> Result<(), OpenError> {
    diesel::replace_into(log_state::table)
        .values((log_state::id.eq(1), log_state::epoch.eq(new_epoch()?)))
        .execute(connection)
        .map(|_| ())
        .map_err(|error| OpenError::from_reason(path, &error.to_string()))
}

fn new_epoch() -> Result<String, OpenError> {
    let mut bits = [0; 16];
    getrandom::fill(&mut bits).map_err(|error| OpenError::NoRandomness(error.to_string()))?;
    Ok(format!("{:032x}", u128::from_be_bytes(bits)))
}

#[derive(QueryableByName)]
struct Head {
    #[diesel(sql_type = BigInt)]
    seq: i64,
}

/// The id of the last event that was ever logged. It is the row that AUTOINCREMENT keeps for the table, which
/// follows explicit ids too and which the pruning of old events can't set back.
///
/// # Errors
/// The failure of the statement.
pub(super) fn read_head(connection: &mut SqliteConnection) -> QueryResult<EventId> {
    let head: Option<Head> = diesel::sql_query("SELECT seq FROM sqlite_sequence WHERE name = 'events'")
        .get_result(connection)
        .optional()?;
    Ok(EventId::new(head.map_or(0, |head| head.seq)))
}

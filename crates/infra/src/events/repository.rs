//! Reads the log. [`log`](crate::events::log) appends to it.

use diesel::deserialize;
use diesel::dsl::max;
use diesel::prelude::*;
use diesel::result::Error;
#[cfg(feature = "postgres")]
use groupchat_domain::events::EventType;
use groupchat_domain::events::{
    Audience, EventRecord, EventRepository, LogState, Removed, Retained, SubjectIds,
};
use groupchat_domain::ids::{EventId, GroupId, InvitationId, MessageId, Position, SessionId, UserId};
use groupchat_domain::storage::StorageFault;
use groupchat_domain::time::Timestamp;

use crate::checksum;
use crate::connection::Connection;
use crate::events::log_state;
use crate::schema::events;
use crate::sql::stored::{StoredEmoji, StoredEventType};
use crate::tx::DbTx;

/// An event that has a position.
#[derive(Queryable, Selectable)]
#[diesel(table_name = events)]
struct NumberedRow {
    #[diesel(select_expression = events::position.assume_not_null())]
    position: i64,
    id: i64,
    at: i64,
    actor_id: Option<i64>,
    audience: String,
    event_type: StoredEventType,
    group_id: Option<i64>,
    user_id: Option<i64>,
    message_id: Option<i64>,
    session_id: Option<i64>,
    invitation_id: Option<i64>,
    emoji: Option<StoredEmoji>,
}

impl NumberedRow {
    fn into_record(self) -> deserialize::Result<EventRecord> {
        let group = self.group_id.map(GroupId::new);
        let user = self.user_id.map(UserId::new);
        let session = self.session_id.map(SessionId::new);
        let Some(audience) = audience(&self.audience, group, user, session) else {
            return Err(format!("the log holds no audience: {:?}", self.audience).into());
        };
        Ok(EventRecord {
            position: Position::new(self.position),
            id: EventId::new(self.id),
            at: Timestamp::from_micros(self.at),
            actor: self.actor_id.map(UserId::new),
            audience,
            event_type: self.event_type.0,
            subject: SubjectIds {
                group,
                user,
                message: self.message_id.map(MessageId::new),
                invitation: self.invitation_id.map(InvitationId::new),
                emoji: self.emoji.and_then(|StoredEmoji(emoji)| emoji),
            },
        })
    }
}

/// The audience with this name. `None` if there is none, or if an id is missing.
fn audience(
    name: &str,
    group: Option<GroupId>,
    user: Option<UserId>,
    session: Option<SessionId>,
) -> Option<Audience> {
    match name {
        "all" => Some(Audience::All),
        "group" => group.map(Audience::Group),
        "group_and_user" => Some(Audience::GroupAndUser(group?, user?)),
        "user" => user.map(Audience::User),
        "session" => session.map(Audience::Session),
        _ => None,
    }
}

fn records(rows: Vec<NumberedRow>) -> QueryResult<Vec<EventRecord>> {
    let records: deserialize::Result<_> = rows.into_iter().map(NumberedRow::into_record).collect();
    records.map_err(Error::DeserializationError)
}

/// On SQLite, `position` is an alias of `id`, and only `id` has an index.
impl EventRepository for DbTx<'_> {
    fn head(&mut self) -> Result<Position, StorageFault> {
        let head = self.run(|connection| match connection {
            Connection::Sqlite(connection) => {
                events::table.select(max(events::id)).first::<Option<i64>>(*connection)
            }
            #[cfg(feature = "postgres")]
            Connection::Postgres(connection) => {
                events::table.select(max(events::position)).first(*connection)
            }
        })?;
        Ok(head.map_or(Position::ZERO, Position::new))
    }

    fn after(&mut self, position: Position, limit: i64) -> Result<Vec<EventRecord>, StorageFault> {
        let page = events::table.limit(limit);
        self.run(|connection| {
            let rows = match connection {
                Connection::Sqlite(connection) => page
                    .filter(events::id.gt(position.get()))
                    .order(events::id)
                    .select(NumberedRow::as_select())
                    .load(*connection),
                #[cfg(feature = "postgres")]
                Connection::Postgres(connection) => page
                    .filter(events::position.gt(position.get()))
                    .order(events::position)
                    .select(NumberedRow::as_select())
                    .load(*connection),
            };
            records(rows?)
        })
    }

    fn unnumbered_ends(&mut self) -> Result<Vec<GroupId>, StorageFault> {
        self.run(|connection| match connection {
            // Every event gets its position when it is stored.
            Connection::Sqlite(_) => Ok(Vec::new()),
            #[cfg(feature = "postgres")]
            Connection::Postgres(connection) => {
                let ends = events::table
                    .filter(events::position.is_null())
                    .filter(events::event_type.eq(EventType::GroupDeleted.as_str()))
                    .filter(events::audience.eq("group"))
                    .select(events::group_id.assume_not_null());
                Ok(ends.load(*connection)?.into_iter().map(GroupId::new).collect())
            }
        })
    }

    fn state(&mut self) -> Result<LogState, StorageFault> {
        self.run(log_state::read)
    }

    fn add_checksums(&mut self, after: EventId, limit: i64) -> Result<Option<EventId>, StorageFault> {
        checksum::add_to_events(self, after, limit)
    }

    fn remove_old(&mut self, retained: Retained, limit: i64) -> Result<Removed, StorageFault> {
        let newest = self.head()?;
        let mut oldest = self.after(Position::ZERO, limit)?;
        oldest.retain(|event| event.position < newest);
        let Some(end) = oldest.last().map(|event| event.position) else {
            return Ok(Removed::default());
        };
        if oldest.iter().all(|event| event.at > retained.latest) {
            // Their age is unknown, but they are older than the newest.
            oldest.extend(self.after(Position::new(newest.get() - 1), 1)?);
        }
        let Some(last) = last_removable(&oldest, newest, retained) else { return Ok(Removed::default()) };
        let last = last.min(end);
        let removed = oldest.iter().filter(|event| event.position <= last);
        let ended = removed.filter_map(EventRecord::ended_group).collect();
        let count = self.run(|connection| remove_up_to(connection, last.get()))?;
        Ok(Removed { count, ended })
    }
}

/// The last of these events, in order, that need not be kept. The log stays without gaps: if one event is kept, so are
/// all later ones, even those from a clock that was set back. An event that seems to be in the future comes from a
/// clock that was ahead, and is at least as old as the next event with a known age.
fn last_removable(oldest: &[EventRecord], newest: Position, retained: Retained) -> Option<Position> {
    let spare = Position::new(newest.get().saturating_sub(retained.rows.max(1)));
    let is_removable = |event: &&EventRecord| event.position <= spare || event.at < retained.since;
    let of_known_age = oldest.iter().filter(|event| event.position <= spare || event.at <= retained.latest);
    of_known_age.take_while(is_removable).last().map(|event| event.position)
}

/// Removes the events up to this position. Returns how many.
fn remove_up_to(connection: &mut Connection<'_>, position: i64) -> QueryResult<usize> {
    match connection {
        Connection::Sqlite(connection) => {
            diesel::delete(events::table.filter(events::id.le(position))).execute(*connection)
        }
        #[cfg(feature = "postgres")]
        Connection::Postgres(connection) => {
            diesel::delete(events::table.filter(events::position.le(position))).execute(*connection)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_audience_is_known_by_its_name_and_has_its_ids() {
        let (group, user, session) = (GroupId::new(1), UserId::new(2), SessionId::new(3));
        for (name, expected) in [
            ("all", Some(Audience::All)),
            ("group", Some(Audience::Group(group))),
            ("group_and_user", Some(Audience::GroupAndUser(group, user))),
            ("user", Some(Audience::User(user))),
            ("session", Some(Audience::Session(session))),
            ("nobody", None),
            ("", None),
        ] {
            assert_eq!(audience(name, Some(group), Some(user), Some(session)), expected, "{name}");
            let needs_no_id = name == "all";
            assert_eq!(audience(name, None, None, None).is_some(), needs_no_id, "{name}");
        }
        assert_eq!(audience("group_and_user", Some(group), None, None), None);
    }
}

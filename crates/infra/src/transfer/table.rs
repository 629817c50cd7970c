//! Reading and writing tables by pages.

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Text};

use super::digest::Encode;
use super::positions::Positions;
use super::rows::{
    EventRow, GroupRow, JobRow, KnownNetworkRow, MembershipRow, MessageRow, NameStateRow, ProbeRow,
    ReactionRow, RenameRow, SessionRow, TicketRow, UserRow,
};
use crate::connection::{Connection, on_backend};
use crate::schema::{
    events, groups, jobs, known_networks, memberships, messages, name_state, reactions, renames, sessions,
    storage_probe, tickets, users,
};

/// Rows to one page, and to one statement that inserts: no more than 5,500 values, which both databases take, and
/// with the longest of texts some 20 MB.
const PAGE: i64 = 500;

/// A table, by the type of its rows.
pub(super) trait Table: Encode + Clone {
    /// How the table is called.
    const NAME: &'static str;

    /// How many rows there are.
    ///
    /// # Errors
    /// The failure of the statement.
    fn count(connection: &mut Connection<'_>) -> QueryResult<i64>;

    /// The first rows after this one in the order of the key, which is the same on both databases; none at the end.
    ///
    /// # Errors
    /// The failure of the statement.
    fn page(connection: &mut Connection<'_>, after: Option<&Self>) -> QueryResult<Vec<Self>>;

    /// Stores a page.
    ///
    /// # Errors
    /// The failure of the statement.
    fn insert(connection: &mut Connection<'_>, rows: Vec<Self>) -> QueryResult<()>;

    /// Makes rows out of `source` fit for a log in which an event's id is its position.
    ///
    /// # Errors
    /// The failure of a statement.
    fn renumber(_rows: &mut [Self], _positions: &Positions, _source: &mut Connection<'_>) -> QueryResult<()> {
        Ok(())
    }
}

/// What is alike for all tables.
macro_rules! basics {
    ($table:ident) => {
        const NAME: &'static str = stringify!($table);

        fn count(connection: &mut Connection<'_>) -> QueryResult<i64> {
            on_backend!(connection, |connection| $table::table.count().get_result(connection))
        }
    };
}

/// Stores the rows as they are. PostgreSQL takes a COPY several times as fast as an INSERT of many rows.
macro_rules! insert_whole {
    ($table:ident) => {
        fn insert(connection: &mut Connection<'_>, rows: Vec<Self>) -> QueryResult<()> {
            match connection {
                Connection::Sqlite(connection) => {
                    diesel::insert_into($table::table).values(rows).execute(*connection).map(drop)
                }
                #[cfg(feature = "postgres")]
                Connection::Postgres(connection) => {
                    diesel::copy_from($table::table).from_insertable(rows).execute(*connection).map(drop)
                }
            }
        }
    };
}

/// Tables whose key is their id. No id is the least of all integers.
macro_rules! keyed_by_id {
    ($($row:ident of $table:ident;)+) => {$(
        impl Table for $row {
            basics!($table);
            insert_whole!($table);

            fn page(connection: &mut Connection<'_>, after: Option<&Self>) -> QueryResult<Vec<Self>> {
                let after = after.map_or(i64::MIN, |row| row.id);
                let page = $table::table.filter($table::id.gt(after)).order($table::id).limit(PAGE);
                on_backend!(connection, |connection| page.load(connection))
            }
        }
    )+};
}

keyed_by_id! {
    UserRow of users;
    SessionRow of sessions;
    TicketRow of tickets;
    GroupRow of groups;
    MessageRow of messages;
    JobRow of jobs;
    ProbeRow of storage_probe;
    NameStateRow of name_state;
    RenameRow of renames;
}

impl Table for KnownNetworkRow {
    basics!(known_networks);
    insert_whole!(known_networks);

    fn page(connection: &mut Connection<'_>, after: Option<&Self>) -> QueryResult<Vec<Self>> {
        let (user, network) = after.map_or((i64::MIN, ""), |row| (row.user_id, &row.network));
        let further = sql::<Bool>("(user_id, network) > (")
            .bind::<BigInt, _>(user)
            .sql(", ")
            .bind::<Text, _>(network)
            .sql(")");
        let page = known_networks::table
            .filter(further)
            .order((known_networks::user_id, known_networks::network))
            .limit(PAGE);
        on_backend!(connection, |connection| page.load(connection))
    }
}

impl Table for MembershipRow {
    basics!(memberships);
    insert_whole!(memberships);

    fn page(connection: &mut Connection<'_>, after: Option<&Self>) -> QueryResult<Vec<Self>> {
        let (group, user) = after.map_or((i64::MIN, i64::MIN), |row| (row.group_id, row.user_id));
        // Compared as a whole, so that both databases seek to the place in the key's index.
        let further = sql::<Bool>("(group_id, user_id) > (")
            .bind::<BigInt, _>(group)
            .sql(", ")
            .bind::<BigInt, _>(user)
            .sql(")");
        let page = memberships::table
            .filter(further)
            .order((memberships::group_id, memberships::user_id))
            .limit(PAGE);
        on_backend!(connection, |connection| page.load(connection))
    }

    fn renumber(rows: &mut [Self], positions: &Positions, source: &mut Connection<'_>) -> QueryResult<()> {
        positions.map_memberships(rows, source)
    }
}

impl Table for ReactionRow {
    basics!(reactions);
    insert_whole!(reactions);

    fn page(connection: &mut Connection<'_>, after: Option<&Self>) -> QueryResult<Vec<Self>> {
        let (message, emoji, user) =
            after.map_or((i64::MIN, "", i64::MIN), |row| (row.message_id, &row.emoji, row.user_id));
        let further = sql::<Bool>("(message_id, emoji, user_id) > (")
            .bind::<BigInt, _>(message)
            .sql(", ")
            .bind::<Text, _>(emoji)
            .sql(", ")
            .bind::<BigInt, _>(user)
            .sql(")");
        let page = reactions::table
            .filter(further)
            .order((reactions::message_id, reactions::emoji, reactions::user_id))
            .limit(PAGE);
        on_backend!(connection, |connection| page.load(connection))
    }
}

/// In the order of positions, which is the one that a renumbered log keeps.
impl Table for EventRow {
    basics!(events);

    fn page(connection: &mut Connection<'_>, after: Option<&Self>) -> QueryResult<Vec<Self>> {
        let after = after.and_then(|row| row.position).unwrap_or(i64::MIN);
        match connection {
            // The position is the id, and SQLite has no other index for it.
            Connection::Sqlite(connection) => {
                events::table.filter(events::id.gt(after)).order(events::id).limit(PAGE).load(*connection)
            }
            #[cfg(feature = "postgres")]
            Connection::Postgres(connection) => {
                let numbered = events::table.filter(events::position.gt(after));
                numbered.order(events::position).limit(PAGE).load(*connection)
            }
        }
    }

    fn insert(connection: &mut Connection<'_>, rows: Vec<Self>) -> QueryResult<()> {
        match connection {
            Connection::Sqlite(connection) => insert_unpositioned(connection, rows),
            #[cfg(feature = "postgres")]
            Connection::Postgres(connection) => {
                diesel::copy_from(events::table).from_insertable(rows).execute(*connection).map(drop)
            }
        }
    }

    fn renumber(rows: &mut [Self], _: &Positions, _: &mut Connection<'_>) -> QueryResult<()> {
        for row in rows {
            row.id = row.position.ok_or(diesel::NotFound)?;
        }
        Ok(())
    }
}

/// SQLite derives the position from the id, and takes no other.
fn insert_unpositioned(connection: &mut SqliteConnection, rows: Vec<EventRow>) -> QueryResult<()> {
    let unpositioned = |row: EventRow| {
        (
            events::id.eq(row.id),
            events::at.eq(row.at),
            events::event_type.eq(row.event_type),
            events::actor_id.eq(row.actor_id),
            events::audience.eq(row.audience),
            events::group_id.eq(row.group_id),
            events::user_id.eq(row.user_id),
            events::message_id.eq(row.message_id),
            events::session_id.eq(row.session_id),
        )
    };
    let rows: Vec<_> = rows.into_iter().map(unpositioned).collect();
    diesel::insert_into(events::table).values(rows).execute(connection).map(drop)
}

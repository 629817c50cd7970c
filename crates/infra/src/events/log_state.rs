//! The state of the log as a whole: its epoch and its ends.

use diesel::dsl::{max, min};
use diesel::prelude::*;
use diesel::result::Error;
use groupchat_domain::events::{Epoch, LogState};
use groupchat_domain::ids::Position;
#[cfg(feature = "postgres")]
use sha2::{Digest, Sha256};

use crate::connection::Connection;
use crate::schema::{events, log_state};

/// How many bytes of a digest make an epoch: as many as a random epoch has.
#[cfg(feature = "postgres")]
const EPOCH_BYTES: usize = 16;

#[cfg(feature = "postgres")]
#[declare_sql_function]
extern "SQL" {
    /// What tells the log from its copies; see the migration that makes the function.
    fn log_lineage() -> Text;
}

/// The epoch, and the positions of the oldest and the newest event.
type Row = (String, Option<i64>, Option<i64>);

/// Reads the state of the log.
///
/// # Errors
/// The failure of the statement, or there is no epoch.
pub(super) fn read(connection: &mut Connection<'_>) -> QueryResult<LogState> {
    // Each end is looked up separately. If SQLite is asked for both at once, it reads all rows in between.
    let row = match connection {
        Connection::Sqlite(connection) => log_state::table
            .select((
                log_state::epoch,
                events::table.select(min(events::id)).single_value(),
                events::table.select(max(events::id)).single_value(),
            ))
            .first(*connection),
        #[cfg(feature = "postgres")]
        Connection::Postgres(connection) => log_state::table
            .select((
                (log_state::epoch, log_lineage()),
                events::table.select(min(events::position)).single_value(),
                events::table.select(max(events::position)).single_value(),
            ))
            .first(*connection)
            .map(|((epoch, lineage), oldest, newest): ((String, String), _, _)| {
                (epoch_of(&epoch, &lineage), oldest, newest)
            }),
    };
    state(row?)
}

/// The epoch of a log that may have been copied together with its stored epoch.
#[cfg(feature = "postgres")]
fn epoch_of(stored: &str, lineage: &str) -> String {
    let digest = Sha256::digest(format!("{stored}/{lineage}"));
    crate::hex::hexadecimal(&digest[..EPOCH_BYTES])
}

fn state((epoch, oldest, newest): Row) -> QueryResult<LogState> {
    let Some(epoch) = Epoch::parse(&epoch) else {
        return Err(Error::DeserializationError("the log has no epoch".into()));
    };
    let head = newest.map_or(Position::ZERO, Position::new);
    let removed = oldest.map_or(head, |oldest| Position::new(oldest - 1));
    Ok(LogState { epoch, head, removed })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ends_of_the_log_say_what_it_serves() {
        for (oldest, newest, expected) in
            [(None, None, (0, 0)), (Some(1), Some(1), (0, 1)), (Some(5), Some(9), (4, 9))]
        {
            let state = state(("epoch".to_owned(), oldest, newest)).unwrap();
            assert_eq!((state.removed.get(), state.head.get()), expected);
        }
    }

    #[test]
    fn a_log_without_an_epoch_has_no_state() {
        for epoch in ["", "not one"] {
            assert!(state((epoch.to_owned(), None, None)).is_err(), "{epoch:?}");
        }
    }

    #[cfg(feature = "postgres")]
    #[test]
    fn the_epoch_follows_what_is_stored_and_the_lineage() {
        let epoch = epoch_of("stored", "1/1/1/1");
        assert_eq!(Epoch::parse(&epoch).map(|epoch| epoch.as_str().len()), Some(32));
        assert_eq!(epoch, epoch_of("stored", "1/1/1/1"));
        for (stored, lineage) in [("other", "1/1/1/1"), ("stored", "1/2/1/1")] {
            assert_ne!(epoch, epoch_of(stored, lineage));
        }
    }
}

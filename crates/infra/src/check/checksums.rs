//! Whether rows say what the program wrote.

use diesel::result::QueryResult;

#[cfg(feature = "postgres")]
use super::older_schema::lacks_columns;
use super::older_schema::seen_as_newest;
use super::{COMPLAINTS, CheckOutcome, Finding, number};
use crate::checksum::{Checksummed, Walked, walk};
use crate::connection::Connection;
use crate::rows::{events, messages};

/// The name of the check.
const CHECKSUMS: &str = "checksums";

/// The tables whose rows have checksums.
const TABLES: [&str; 2] = ["messages", "events"];

/// How many of the newest messages and events are checked when a server starts: what a power failure, or a disk that
/// failed lately, is most likely to have damaged.
const NEWEST: i64 = 1_000;

/// Counts the jobs that are about to compute the checksums of old rows. Without one, every row has its checksum.
const PENDING: &str =
    "SELECT count(*) AS number FROM jobs WHERE kind IN ('checksum_messages', 'checksum_events')";

/// Whether the schema has checksums: that of an older backup has none.
const ON_SQLITE: &str =
    "SELECT count(*) AS number FROM pragma_table_info('messages') WHERE name = 'checksum'";
#[cfg(feature = "postgres")]
const ON_POSTGRES: &str = "SELECT count(*) AS number FROM information_schema.columns \
    WHERE table_schema = current_schema() AND table_name = 'messages' AND column_name = 'checksum'";

/// What was found so far.
#[derive(Default)]
struct Tally {
    checked: Vec<String>,
    damaged: Rows,
    without: Rows,
}

/// Rows of which something is wrong.
#[derive(Default)]
struct Rows {
    count: u64,
    /// What is wrong with the first ones.
    named: Vec<String>,
}

impl Rows {
    fn add(&mut self, name: impl FnOnce() -> String) {
        self.count += 1;
        if self.named.len() < COMPLAINTS {
            self.named.push(name());
        }
    }

    /// The names of the first ones.
    fn names(&self) -> String {
        let more = if self.count > self.named.len() as u64 { "; …" } else { "" };
        format!("{}{more}", self.named.join("; "))
    }
}

impl Tally {
    fn row<T: Checksummed>(&mut self, row: &T) {
        match row.stored() {
            None => self.without.add(|| row.describe()),
            Some(_) if row.is_damaged() => self.damaged.add(|| row.describe()),
            Some(_) => {}
        }
    }

    fn table<T: Checksummed>(&mut self, connection: &mut Connection<'_>) {
        let mut rows = 0_u64;
        walk::<T>(connection, |walked| match walked {
            Walked::Row(row) => {
                rows += 1;
                self.row(&row);
            }
            Walked::Unreadable { id, error } => {
                self.damaged.add(|| format!("{} {id} can't be read ({error})", T::NAME));
            }
            Walked::Hole { after, error } => {
                self.damaged.add(|| format!("{} after {after} can't be read ({error})", T::NAME));
            }
        });
        self.checked.push(format!("{rows} {}", T::NAME));
    }

    fn newest<T: Checksummed>(&mut self, connection: &mut Connection<'_>) -> QueryResult<()> {
        let rows = T::newest(connection, NEWEST)?;
        rows.iter().for_each(|row| self.row(row));
        self.checked.push(format!("the newest {} {}", rows.len(), T::NAME));
        Ok(())
    }

    fn finding(self, connection: &mut Connection<'_>) -> Finding {
        let checked = self.checked.join(" and ");
        if self.damaged.count > 0 {
            let detail = format!("{} of {checked} are damaged: {}", self.damaged.count, self.damaged.names());
            return Finding::new(CHECKSUMS, CheckOutcome::Failed, detail);
        }
        let without = self.without.count;
        if without == 0 {
            let detail = format!("{checked} match their checksums");
            return Finding::new(CHECKSUMS, CheckOutcome::Passed, detail);
        }
        let found = is_complete(connection).map(|is_complete| {
            if is_complete {
                // A flipped bit in the length of a column can make SQLite read those after it as NULL.
                let names = self.without.names();
                (CheckOutcome::Failed, format!("{without} of {checked} have lost their checksums: {names}"))
            } else {
                let detail = format!("{checked} match their checksums, but for {without} that have none yet");
                (CheckOutcome::Passed, detail)
            }
        });
        Finding::from_query(CHECKSUMS, found)
    }
}

/// Whether every row of a database has a checksum.
///
/// # Errors
/// The failure of the statement.
pub(crate) fn is_complete(connection: &mut Connection<'_>) -> QueryResult<bool> {
    Ok(number(connection, PENDING)? == 0)
}

/// Checks all messages and events, one page after the other.
pub(crate) fn checksums(connection: &mut Connection<'_>) -> Finding {
    let query = match connection {
        Connection::Sqlite(_) => ON_SQLITE,
        #[cfg(feature = "postgres")]
        Connection::Postgres(_) => ON_POSTGRES,
    };
    match number(connection, query) {
        Ok(0) => {
            let detail = "a schema of this version has no checksums";
            return Finding::new(CHECKSUMS, CheckOutcome::Passed, detail);
        }
        Ok(_) => {}
        Err(error) => return Finding::from_query(CHECKSUMS, Err(error)),
    }
    let compare = |connection: &mut Connection<'_>| {
        let mut tally = Tally::default();
        tally.table::<messages::Row>(connection);
        tally.table::<events::Row>(connection);
        tally.finding(connection)
    };
    let found = match connection {
        Connection::Sqlite(connection) => {
            seen_as_newest(connection, &TABLES, |connection| compare(&mut Connection::Sqlite(connection)))
        }
        #[cfg(feature = "postgres")]
        Connection::Postgres(postgres) => lacks_columns(postgres, &TABLES).map(|lacks| {
            let detail = "checksums are compared once the schema is migrated";
            if lacks { Finding::new(CHECKSUMS, CheckOutcome::Passed, detail) } else { compare(connection) }
        }),
    };
    found.unwrap_or_else(|error| Finding::from_query(CHECKSUMS, Err(error)))
}

/// Checks the newest messages and events: this takes a few milliseconds, however many there are.
pub(crate) fn newest_checksums(connection: &mut Connection<'_>) -> Finding {
    let mut tally = Tally::default();
    let checked =
        tally.newest::<messages::Row>(connection).and_then(|()| tally.newest::<events::Row>(connection));
    match checked {
        Ok(()) => tally.finding(connection),
        Err(error) => Finding::from_query(CHECKSUMS, Err(error)),
    }
}

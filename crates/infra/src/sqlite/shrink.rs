//! Gives pages that became free back to the disk, in small steps.

use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::BigInt;

use crate::connection::Connection;

/// Makes a new file one that can give pages back. It has to come before everything else that is written to it.
pub(super) const PREPARE: &str = "PRAGMA auto_vacuum = INCREMENTAL;";

/// Pages that stay free for what is written next, whatever the size of the file: 1 MiB.
const SPARE_PAGES: i64 = 256;

/// The share of its pages that a file may have free besides: a sixteenth. What comes and goes, like events, needs them again.
const SPARE_SHARE: i64 = 16;

/// How many pages are given back with one statement. Each is searched for in the list of free pages, so that one may take a
/// millisecond where that is long.
const PAGES_AT_ONCE: i64 = 8;

/// How long a step takes, about.
const STEP: Duration = Duration::from_millis(5);

#[derive(QueryableByName)]
struct Pages {
    #[diesel(sql_type = BigInt)]
    total: i64,
    #[diesel(sql_type = BigInt)]
    free: i64,
}

impl Pages {
    fn of(connection: &mut SqliteConnection) -> QueryResult<Self> {
        let counts = "SELECT page_count AS total, freelist_count AS free \
                      FROM pragma_page_count, pragma_freelist_count";
        diesel::sql_query(counts).get_result(connection)
    }

    /// How many pages more are free than may stay.
    const fn surplus(&self) -> i64 {
        self.free - SPARE_PAGES - self.total / SPARE_SHARE
    }
}

#[derive(QueryableByName)]
struct AutoVacuum {
    #[diesel(sql_type = BigInt)]
    auto_vacuum: i64,
}

/// Makes the copy that this connection is about to make a file that can give pages back, if the database can't.
///
/// # Errors
/// The failure of a statement.
pub(super) fn prepare_copy(connection: &mut SqliteConnection) -> QueryResult<()> {
    let found: AutoVacuum =
        diesel::sql_query("SELECT auto_vacuum FROM pragma_auto_vacuum").get_result(connection)?;
    // Where it can, this would write to the database.
    if found.auto_vacuum == 0 { connection.batch_execute(PREPARE) } else { Ok(()) }
}

/// Gives some pages back, and returns whether there are more to give back. The file gets shorter with the next checkpoint that
/// copies all of the write-ahead log. A file of an earlier version keeps its pages until it is restored from a backup.
///
/// # Errors
/// The failure of a statement.
pub(super) fn give_back_pages(connection: &mut Connection<'_>) -> QueryResult<bool> {
    let connection = match connection {
        Connection::Sqlite(connection) => &mut **connection,
        #[cfg(feature = "postgres")]
        Connection::Postgres(_) => return Ok(false),
    };
    let before = Pages::of(connection)?;
    if before.surplus() <= 0 {
        return Ok(false);
    }
    // It returns a row for each page, so that it has to be run to its end.
    let (until, mut left) = (Instant::now() + STEP, before.surplus());
    while left > 0 && Instant::now() < until {
        let count = left.min(PAGES_AT_ONCE);
        connection.batch_execute(&format!("PRAGMA incremental_vacuum({count})"))?;
        left -= count;
    }
    let after = Pages::of(connection)?;
    Ok(after.free < before.free && after.surplus() > 0)
}

//! Rows as they are stored, with their checksums.

use diesel::prelude::*;

use super::columns::{EventColumns, MessageColumns};
use crate::connection::{Attempt, Connection, on_backend};
use crate::rows;
use crate::schema::{events, groups, messages, sessions, users};

/// A whole row of a table whose rows have ids.
pub(crate) trait Stored: Sized {
    /// What several rows are called.
    const NAME: &'static str;

    /// The first rows whose id is greater than `after`, in the order of ids.
    ///
    /// # Errors
    /// The failure of the statement; on PostgreSQL the transaction goes on.
    fn page(connection: &mut Connection<'_>, after: i64, limit: i64) -> QueryResult<Vec<Self>>;

    /// The first id that is greater than `after`. Reads no row.
    ///
    /// # Errors
    /// The failure of the statement; on PostgreSQL the transaction goes on.
    fn next_id(connection: &mut Connection<'_>, after: i64) -> QueryResult<Option<i64>>;

    /// The row's id.
    fn id(&self) -> i64;
}

/// A row that has a checksum.
pub(crate) trait Checksummed: Stored {
    /// The rows with the greatest ids.
    ///
    /// # Errors
    /// The failure of the statement; on PostgreSQL the transaction goes on.
    fn newest(connection: &mut Connection<'_>, limit: i64) -> QueryResult<Vec<Self>>;

    /// Stores the checksum of a row, unless somebody else has done so meanwhile.
    ///
    /// # Errors
    /// The failure of the statement.
    fn store(connection: &mut Connection<'_>, id: i64, checksum: i64) -> QueryResult<()>;

    /// The stored checksum; `None` for a row from before there were any.
    fn stored(&self) -> Option<i64>;

    /// The checksum of what the row says.
    fn computed(&self) -> i64;

    /// What a person finds the row by.
    fn describe(&self) -> String;

    /// Whether the row says something else than the program wrote.
    fn is_damaged(&self) -> bool {
        self.stored().is_some_and(|stored| stored != self.computed())
    }
}

macro_rules! stored {
    ($($table:ident)+) => {$(
        impl Stored for rows::$table::Row {
            const NAME: &'static str = stringify!($table);

            fn page(connection: &mut Connection<'_>, after: i64, limit: i64) -> QueryResult<Vec<Self>> {
                let page = $table::table.filter($table::id.gt(after)).order($table::id).limit(limit);
                on_backend!(connection, |connection| connection.attempt(|connection| page.load(connection)))
            }

            fn next_id(connection: &mut Connection<'_>, after: i64) -> QueryResult<Option<i64>> {
                let next = $table::table.filter($table::id.gt(after)).order($table::id).select($table::id);
                on_backend!(connection, |connection| {
                    connection.attempt(|connection| next.first(connection).optional())
                })
            }

            fn id(&self) -> i64 {
                self.id
            }
        }
    )+};
}

stored!(users sessions groups messages events);

macro_rules! checksummed {
    ($table:ident, $columns:ident, $describe:expr) => {
        impl Checksummed for rows::$table::Row {
            fn newest(connection: &mut Connection<'_>, limit: i64) -> QueryResult<Vec<Self>> {
                let newest = $table::table.order($table::id.desc()).limit(limit);
                on_backend!(connection, |connection| connection.attempt(|connection| newest.load(connection)))
            }

            fn store(connection: &mut Connection<'_>, id: i64, checksum: i64) -> QueryResult<()> {
                let row = $table::table.filter($table::id.eq(id)).filter($table::checksum.is_null());
                let change = diesel::update(row).set($table::checksum.eq(checksum));
                on_backend!(connection, |connection| change.execute(connection)).map(drop)
            }

            fn stored(&self) -> Option<i64> {
                self.checksum
            }

            fn computed(&self) -> i64 {
                $columns::from(self).checksum()
            }

            fn describe(&self) -> String {
                $describe(self)
            }
        }
    };
}

checksummed!(messages, MessageColumns, |row: &rows::messages::Row| {
    format!("message {} of group {} (id {})", row.seq, row.group_id, row.id)
});
checksummed!(events, EventColumns, |row: &rows::events::Row| format!("event {}", row.id));

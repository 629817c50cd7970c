//! Reading and writing tables by pages.

use diesel::dsl::{SqlTypeOf, sql};
use diesel::prelude::*;
use diesel::sql_types::Bool;

use super::positions::Positions;
use crate::checksum::Checksummed;
use crate::connection::{Connection, on_backend};
use crate::encoding::Encode;
use crate::rows;
use crate::schema::{self, events, for_each_table};

/// Rows per page and per insert: a few thousand values, fewer than the limits of both databases, and some 20 MB with
/// the longest texts.
const PAGE: i64 = 500;

/// A table, identified by the type of its rows.
pub(super) trait Table: Encode + Clone {
    /// The table's name.
    const NAME: &'static str;

    /// Whether the table assigns ids.
    const GIVES_IDS: bool;

    /// The number of rows.
    ///
    /// # Errors
    /// The failure of the statement.
    fn count(connection: &mut Connection<'_>) -> QueryResult<i64>;

    /// The first rows after this one in the order of the key, which is the same on both databases. Empty at the end.
    ///
    /// # Errors
    /// The failure of the statement.
    fn page(connection: &mut Connection<'_>, after: Option<&Self>) -> QueryResult<Vec<Self>>;

    /// Stores a page.
    ///
    /// # Errors
    /// The failure of the statement.
    fn insert(connection: &mut Connection<'_>, rows: Vec<Self>) -> QueryResult<()>;

    /// Whether the row doesn't match its checksum.
    fn is_damaged(&self) -> bool {
        false
    }

    /// Converts rows of `source` for a log in which an event's id is its position.
    ///
    /// # Errors
    /// The failure of a statement.
    fn renumber(_rows: &mut [Self], _positions: &Positions, _source: &mut Connection<'_>) -> QueryResult<()> {
        Ok(())
    }
}

/// Implements [`Table`] for the rows of a table. What is special about events and memberships is written below.
macro_rules! table {
    ($table:ident ($($key:ident),+) $($numbered:ident)? { $($columns:tt)+ }) => {
        impl Table for rows::$table::Row {
            const NAME: &'static str = stringify!($table);
            const GIVES_IDS: bool = gives_ids!($($numbered)?);

            fn count(connection: &mut Connection<'_>) -> QueryResult<i64> {
                on_backend!(connection, |connection| schema::$table::table.count().get_result(connection))
            }

            table!(@page $table $($key)+);
            table!(@insert $table { $($columns)+ });
            table!(@checksum $table);
            table!(@renumber $table);
        }
    };

    (@page events id) => {
        fn page(connection: &mut Connection<'_>, after: Option<&Self>) -> QueryResult<Vec<Self>> {
            events_by_position(connection, after)
        }
    };
    (@page $table:ident $first:ident $($key:ident)*) => {
        fn page(connection: &mut Connection<'_>, after: Option<&Self>) -> QueryResult<Vec<Self>> {
            use crate::schema::$table as columns;

            let page = columns::table.order((columns::$first, $(columns::$key,)*)).limit(PAGE);
            let Some(last) = after else {
                return on_backend!(connection, |connection| page.load(connection));
            };
            // Compared as a tuple, so that both databases seek in the key's index.
            let further = sql::<Bool>(concat!("(", stringify!($first), $(", ", stringify!($key),)* ") > ("))
                .bind::<SqlTypeOf<columns::$first>, _>(&last.$first);
            $(let further = further.sql(", ").bind::<SqlTypeOf<columns::$key>, _>(&last.$key);)*
            let page = page.filter(further.sql(")"));
            on_backend!(connection, |connection| page.load(connection))
        }
    };

    // SQLite derives the position, the first column, from the id, and accepts no value for it.
    (@insert events { position -> Nullable<BigInt>, $($(#[$attribute:meta])* $column:ident -> $type:ident $(<$inner:ident>)?,)+ }) => {
        fn insert(connection: &mut Connection<'_>, rows: Vec<Self>) -> QueryResult<()> {
            match connection {
                Connection::Sqlite(connection) => {
                    let unpositioned = |row: Self| ($(events::$column.eq(row.$column),)+);
                    let rows: Vec<_> = rows.into_iter().map(unpositioned).collect();
                    diesel::insert_into(events::table).values(rows).execute(*connection).map(drop)
                }
                #[cfg(feature = "postgres")]
                Connection::Postgres(connection) => {
                    diesel::copy_from(events::table).from_insertable(rows).execute(*connection).map(drop)
                }
            }
        }
    };
    // PostgreSQL executes a COPY several times as fast as an INSERT of many rows.
    (@insert $table:ident { $($columns:tt)+ }) => {
        fn insert(connection: &mut Connection<'_>, rows: Vec<Self>) -> QueryResult<()> {
            use crate::schema::$table::table;

            match connection {
                Connection::Sqlite(connection) => {
                    diesel::insert_into(table).values(rows).execute(*connection).map(drop)
                }
                #[cfg(feature = "postgres")]
                Connection::Postgres(connection) => {
                    diesel::copy_from(table).from_insertable(rows).execute(*connection).map(drop)
                }
            }
        }
    };

    (@checksum messages) => {
        fn is_damaged(&self) -> bool {
            Checksummed::is_damaged(self)
        }
    };
    (@checksum events) => {
        fn is_damaged(&self) -> bool {
            Checksummed::is_damaged(self)
        }
    };
    (@checksum $table:ident) => {};

    (@renumber events) => {
        fn renumber(rows: &mut [Self], _: &Positions, _: &mut Connection<'_>) -> QueryResult<()> {
            for row in rows {
                row.id = row.position.ok_or(diesel::NotFound)?;
            }
            Ok(())
        }
    };
    (@renumber memberships) => {
        fn renumber(rows: &mut [Self], positions: &Positions, source: &mut Connection<'_>) -> QueryResult<()> {
            positions.map_memberships(rows, source)
        }
    };
    (@renumber $table:ident) => {};
}

macro_rules! gives_ids {
    () => {
        false
    };
    (numbered) => {
        true
    };
}

macro_rules! tables {
    ($($table:ident ($($key:ident),+) $($numbered:ident)? { $($columns:tt)+ })+) => {
        $(table! { $table ($($key),+) $($numbered)? { $($columns)+ } })+
    };
}

for_each_table!(tables);

/// Counts the rows of a table.
pub(super) type Count = fn(&mut Connection<'_>) -> QueryResult<i64>;

macro_rules! counts {
    ($($table:ident ($($key:ident),+) $($numbered:ident)? { $($columns:tt)+ })+) => {
        &[$((<rows::$table::Row as Table>::NAME, <rows::$table::Row as Table>::count),)+]
    };
}

/// All tables except the one with the epoch, and how to count their rows, in an order in which rows refer only to
/// earlier tables.
pub(super) const TABLES: &[(&str, Count)] = for_each_table!(counts);

/// The names of the tables.
pub(super) fn names() -> Vec<&'static str> {
    TABLES.iter().map(|(name, _)| *name).collect()
}

/// A page of the log in the order of positions, which a renumbered log keeps.
fn events_by_position(
    connection: &mut Connection<'_>,
    after: Option<&rows::events::Row>,
) -> QueryResult<Vec<rows::events::Row>> {
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

//! What each of the two databases does in its own way.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;

use super::error::TransferError;
use crate::connection::Connection;

/// The parts of a copy that depend on the database. Table names come only from this program, so they are put into
/// statements as they are.
pub(super) trait Backend: SimpleConnection {
    /// Makes sure that no server uses the database now or until the connection ends.
    ///
    /// # Errors
    /// [`TransferError`]
    fn claim_target(&mut self) -> Result<(), TransferError>;

    /// Creates the target's tables, and prepares the connection for many rows.
    ///
    /// # Errors
    /// [`TransferError`]
    fn migrate(&mut self) -> Result<(), TransferError>;

    /// Begins a transaction that keeps others from writing to the tables.
    ///
    /// # Errors
    /// The failure of a statement.
    fn begin_alone(&mut self, tables: &[&str]) -> QueryResult<()>;

    /// Identifies this database among all databases.
    ///
    /// # Errors
    /// The failure of the statement.
    fn identity(&mut self) -> QueryResult<String>;

    /// The names of the tables and views that exist.
    ///
    /// # Errors
    /// The failure of the statement.
    fn tables(&mut self) -> QueryResult<Vec<String>>;

    /// The highest id that the table has ever assigned.
    ///
    /// # Errors
    /// The failure of the statement.
    fn head(&mut self, table: &str) -> QueryResult<i64>;

    /// Makes the table assign ids above this one.
    ///
    /// # Errors
    /// The failure of the statement.
    fn set_head(&mut self, table: &str, head: i64) -> QueryResult<()>;

    /// Removes all rows of the tables. Their order is one in which rows refer only to earlier tables.
    ///
    /// # Errors
    /// The failure of the statement.
    fn clear(&mut self, tables: &[&str]) -> QueryResult<()>;

    /// Disables triggers and other effects of inserts. Returns the SQL that enables them again. Both must run in one
    /// transaction.
    ///
    /// # Errors
    /// The failure of a statement.
    fn suspend_triggers(&mut self, table: &str) -> QueryResult<String>;

    /// Speeds up queries on a database that was just filled.
    ///
    /// # Errors
    /// The failure of the statement.
    fn settle(&mut self) -> QueryResult<()>;
}

/// A connection of one side of a copy. A failure ends the copy, and dropping the connection then rolls back an open
/// transaction.
pub(super) enum EndpointSession {
    /// To a SQLite file.
    Sqlite(Box<SqliteConnection>),
    /// To a PostgreSQL server.
    #[cfg(feature = "postgres")]
    Postgres(Box<PgConnection>),
}

impl EndpointSession {
    /// The connection, for queries that are the same on both databases.
    pub(super) fn connection(&mut self) -> Connection<'_> {
        match self {
            Self::Sqlite(connection) => Connection::Sqlite(connection),
            #[cfg(feature = "postgres")]
            Self::Postgres(connection) => Connection::Postgres(connection),
        }
    }

    /// The connection, for queries that differ.
    pub(super) fn backend(&mut self) -> &mut dyn Backend {
        match self {
            Self::Sqlite(connection) => connection.as_mut(),
            #[cfg(feature = "postgres")]
            Self::Postgres(connection) => connection.as_mut(),
        }
    }

    /// Whether this is SQLite.
    pub(super) const fn is_sqlite(&self) -> bool {
        matches!(self, Self::Sqlite(_))
    }
}

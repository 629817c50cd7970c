//! What each of the two databases does in its own way.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;

use super::error::TransferError;
use crate::connection::Connection;

/// A database's own way. Tables are named by this program, never by somebody else: names are put into statements
/// as they are.
pub(super) trait Backend: SimpleConnection {
    /// Makes sure that no server is using the database, or will until the session ends.
    ///
    /// # Errors
    /// [`TransferError`]
    fn claim_target(&mut self) -> Result<(), TransferError>;

    /// Gives the target its tables, and prepares the session for many rows.
    ///
    /// # Errors
    /// [`TransferError`]
    fn migrate(&mut self) -> Result<(), TransferError>;

    /// Begins a transaction beside which nobody reads the tables and writes to them afterwards.
    ///
    /// # Errors
    /// The failure of a statement.
    fn begin_alone(&mut self, tables: &[&str]) -> QueryResult<()>;

    /// What tells this database from every other.
    ///
    /// # Errors
    /// The failure of the statement.
    fn identity(&mut self) -> QueryResult<String>;

    /// The names of the tables and views that somebody has made.
    ///
    /// # Errors
    /// The failure of the statement.
    fn tables(&mut self) -> QueryResult<Vec<String>>;

    /// The greatest id that the table has ever given out.
    ///
    /// # Errors
    /// The failure of the statement.
    fn head(&mut self, table: &str) -> QueryResult<i64>;

    /// Makes the table give out ids above this one.
    ///
    /// # Errors
    /// The failure of the statement.
    fn set_head(&mut self, table: &str, head: i64) -> QueryResult<()>;

    /// Removes all rows of the tables, which are in an order in which rows refer only to earlier tables.
    ///
    /// # Errors
    /// The failure of the statement.
    fn clear(&mut self, tables: &[&str]) -> QueryResult<()>;

    /// Switches off what else happens when rows are inserted; returns the SQL that switches it on again. Both
    /// belong into one transaction.
    ///
    /// # Errors
    /// The failure of a statement.
    fn suspend_triggers(&mut self, table: &str) -> QueryResult<String>;

    /// What speeds up queries on a database that was just filled.
    ///
    /// # Errors
    /// The failure of the statement.
    fn settle(&mut self) -> QueryResult<()>;
}

/// A connection that one side of a copy owns. What goes wrong ends the copy, and dropping the connection then rolls
/// back what is open.
pub(super) enum EndpointSession {
    /// To a SQLite file.
    Sqlite(Box<SqliteConnection>),
    /// To a PostgreSQL server.
    #[cfg(feature = "postgres")]
    Postgres(Box<PgConnection>),
}

impl EndpointSession {
    /// The connection, for queries that are alike on both.
    pub(super) fn connection(&mut self) -> Connection<'_> {
        match self {
            Self::Sqlite(connection) => Connection::Sqlite(connection),
            #[cfg(feature = "postgres")]
            Self::Postgres(connection) => Connection::Postgres(connection),
        }
    }

    /// The connection, for what is not.
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

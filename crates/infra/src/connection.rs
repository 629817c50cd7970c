//! A connection to either database, and how one query is compiled for both.
//!
//! Diesel checks a query against its database. Its own connection to several databases (`MultiConnection`) allows only
//! what all of them support, which excludes `ON CONFLICT` and `RETURNING`. So the connection is a plain enum, and a
//! query is written once and compiled once for each database.

use diesel::connection::DefaultLoadingMode;
use diesel::prelude::*;
use diesel::query_dsl::LoadQuery;
use groupchat_domain::paging::Limit;
use groupchat_domain::text::TextBytes;

/// A connection inside a transaction.
pub(crate) enum Connection<'c> {
    /// To a SQLite file.
    Sqlite(&'c mut SqliteConnection),
    /// To a PostgreSQL server.
    #[cfg(feature = "postgres")]
    Postgres(&'c mut PgConnection),
}

impl Connection<'_> {
    /// Runs a query; what [`on_backend`] needs.
    pub(crate) fn run<T>(&mut self, query: impl FnOnce(&mut Self) -> T) -> T {
        query(self)
    }
}

/// Runs a query on the connection of a [`DbTx`](crate::tx::DbTx), or a [`Connection`], whichever it is:
/// `on_backend!(tx, |connection| query)`. A query whose type names its database, by `as_select()` or `into_boxed()`,
/// must be built inside.
macro_rules! on_backend {
    ($tx:expr, |$connection:ident| $query:expr) => {
        $tx.run(|connection| match connection {
            $crate::connection::Connection::Sqlite(connection) => {
                let $connection = &mut **connection;
                $query
            }
            #[cfg(feature = "postgres")]
            $crate::connection::Connection::Postgres(connection) => {
                let $connection = &mut **connection;
                $query
            }
        })
    };
}

pub(crate) use on_backend;

/// How rows are loaded one by one.
pub(crate) trait RowByRow: diesel::Connection {
    /// Diesel's loading mode for this.
    type Mode;
}

/// SQLite has only this mode.
impl RowByRow for SqliteConnection {
    type Mode = DefaultLoadingMode;
}

/// PostgreSQL sends all rows anyway, but in this mode they are freed one by one.
#[cfg(feature = "postgres")]
impl RowByRow for PgConnection {
    type Mode = diesel::pg::PgRowByRowLoadingMode;
}

/// Reads rows up to the first one that doesn't fit into a page with this limit.
///
/// # Errors
/// The failure of the statement.
pub(crate) fn read_page<'query, C, Q, R, T>(connection: &mut C, query: Q, limit: Limit) -> QueryResult<Vec<T>>
where
    C: RowByRow,
    Q: RunQueryDsl<C> + LoadQuery<'query, C, R, C::Mode>,
    T: From<R> + TextBytes,
{
    let rows = query.load_iter::<R, C::Mode>(connection)?;
    limit.read(rows.map(|row| row.map(T::from)))
}

/// Loads rows one by one, so that whoever has enough of them reads no more.
///
/// # Errors
/// The failure of the statement.
pub(crate) fn row_by_row<'conn, 'query: 'conn, C, Q, R>(
    connection: &'conn mut C,
    query: Q,
) -> QueryResult<Q::RowIter<'conn>>
where
    C: RowByRow,
    Q: RunQueryDsl<C> + LoadQuery<'query, C, R, C::Mode> + 'query,
    R: 'conn,
{
    query.load_iter::<R, C::Mode>(connection)
}

/// Runs statements that may fail without losing the transaction.
pub(crate) trait Attempt: Sized {
    /// Runs statements. If they fail, only they are undone, and the transaction can continue.
    ///
    /// # Errors
    /// The failure of a statement.
    fn attempt<T>(&mut self, statements: impl FnOnce(&mut Self) -> QueryResult<T>) -> QueryResult<T>;
}

/// SQLite undoes a failed statement by itself.
impl Attempt for SqliteConnection {
    fn attempt<T>(&mut self, statements: impl FnOnce(&mut Self) -> QueryResult<T>) -> QueryResult<T> {
        statements(self)
    }
}

/// PostgreSQL aborts the whole transaction after a failure, unless there is a savepoint.
#[cfg(feature = "postgres")]
impl Attempt for PgConnection {
    fn attempt<T>(&mut self, statements: impl FnOnce(&mut Self) -> QueryResult<T>) -> QueryResult<T> {
        use diesel::connection::SimpleConnection;

        self.batch_execute("SAVEPOINT attempt")?;
        let outcome = statements(self);
        self.batch_execute(match outcome {
            Ok(_) => "RELEASE attempt",
            Err(_) => "ROLLBACK TO attempt; RELEASE attempt",
        })?;
        outcome
    }
}

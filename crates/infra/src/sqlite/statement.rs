//! Statements without parameters that control transactions. Each is prepared once per connection: a command runs two of
//! them, so parsing them each time would be noticeable.

use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::sql_types::BigInt;
use diesel::sqlite::Sqlite;
use diesel::{RunQueryDsl, SqliteConnection};

macro_rules! statements {
    ($($(#[$doc:meta])* $name:ident = $sql:literal;)+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, QueryId)]
        pub(super) struct $name;

        impl QueryFragment<Sqlite> for $name {
            fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
                pass.push_sql($sql);
                Ok(())
            }
        }

        impl RunQueryDsl<SqliteConnection> for $name {}
    )+};
}

statements! {
    /// Begins a transaction that reads from one snapshot.
    Begin = "BEGIN";
    /// Begins a transaction that holds the write lock from the start, so that it never has to be upgraded.
    BeginImmediate = "BEGIN IMMEDIATE";
    /// Makes the transaction durable.
    Commit = "COMMIT";
    /// Rolls back the transaction.
    Rollback = "ROLLBACK";
    /// Sets a command's savepoint.
    Savepoint = "SAVEPOINT command";
    /// Releases a command's savepoint. Its changes stay in the transaction.
    Release = "RELEASE command";
    /// Rolls back to a command's savepoint. The savepoint stays open: [`Release`] must follow.
    RollbackTo = "ROLLBACK TO command";
    /// A number that changes when another connection commits. To be read inside a transaction.
    DataVersion = "PRAGMA data_version";
}

impl Query for DataVersion {
    type SqlType = BigInt;
}

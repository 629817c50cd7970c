//! Locks that don't belong to a row. They apply to one database.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool};

/// "groupcha" in ASCII, in the upper bits of the keys, to avoid collisions with other programs in the same database.
const NAMESPACE: i64 = 0x6772_6f75_7063_6861;

/// What can be locked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AdvisoryLock {
    /// The schema, while it is migrated.
    Schema = 1,
    /// The right to assign positions in the log: the sequencer holds it.
    Sequencer = 2,
    /// The set of server admins, while it may shrink.
    Admins = 3,
}

#[derive(QueryableByName)]
struct LockResult {
    #[diesel(sql_type = Bool)]
    taken: bool,
}

impl AdvisoryLock {
    const fn key(self) -> i64 {
        NAMESPACE + self as i64
    }

    /// Waits for the lock and keeps it until the end of the transaction.
    ///
    /// # Errors
    /// The failure of the statement.
    pub(crate) fn until_commit(self, connection: &mut PgConnection) -> QueryResult<()> {
        diesel::sql_query("SELECT pg_advisory_xact_lock($1)")
            .bind::<BigInt, _>(self.key())
            .execute(connection)
            .map(drop)
    }

    /// Takes the lock if it is free, and keeps it until the end of the connection. Returns whether it was taken.
    ///
    /// # Errors
    /// The failure of the statement.
    pub(crate) fn try_for_session(self, connection: &mut PgConnection) -> QueryResult<bool> {
        diesel::sql_query("SELECT pg_try_advisory_lock($1) AS taken")
            .bind::<BigInt, _>(self.key())
            .get_result(connection)
            .map(|answer: LockResult| answer.taken)
    }
}

//! SQL that the repositories share.
//!
//! A repository has a file in the folder of its feature. Rows are private structs that become entities in one place. A
//! stored word that the program doesn't know is a fault, never a default. Every statement finds its rows by an index:
//! none scans all messages, memberships or reactions.

pub(crate) mod among;
pub(crate) mod contains;
pub(crate) mod functions;
pub(crate) mod keys;
pub(crate) mod locks;
pub(crate) mod name_order;
pub(crate) mod stored;
pub(crate) mod upsert;

use diesel::result::{DatabaseErrorKind, Error, QueryResult};
use groupchat_domain::storage::Unique;

use crate::connection::Attempt;

pub(crate) use among::among;
pub(crate) use name_order::{NameList, note_rename};

/// A number of rows as `i64`, which it always fits into.
pub(crate) fn row_count(rows: usize) -> i64 {
    i64::try_from(rows).unwrap_or(i64::MAX)
}

/// Runs an update, and distinguishes a taken unique value from other failures. The transaction can continue.
pub(crate) fn unique<C: Attempt>(
    connection: &mut C,
    update: impl FnOnce(&mut C) -> QueryResult<usize>,
) -> QueryResult<Unique<()>> {
    match connection.attempt(update) {
        Ok(_) => Ok(Unique::Stored(())),
        Err(Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _)) => Ok(Unique::Taken),
        Err(error) => Err(error),
    }
}

/// The result for a unique value of an `INSERT … ON CONFLICT DO NOTHING RETURNING id`.
pub(crate) fn inserted<T>(id: Option<i64>, wrap: impl FnOnce(i64) -> T) -> Unique<T> {
    id.map_or(Unique::Taken, |id| Unique::Stored(wrap(id)))
}

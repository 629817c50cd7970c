//! The repositories of the domain, on a transaction's single connection to either database.
//!
//! A file is an aggregate. Rows are private structs that become entities in one place. A stored word that the program
//! doesn't know is a fault, never a default. Every statement finds its rows by an index: none scans all messages,
//! memberships or reactions.

mod accounts;
mod contains;
mod events;
mod groups;
mod jobs;
mod known_networks;
mod locks;
pub(crate) mod log_state;
mod members;
mod messages;
mod name_order;
mod pairs;
mod purge;
mod sessions;
mod stored;
mod tickets;
mod upsert;

use diesel::result::{DatabaseErrorKind, Error, QueryResult};
use groupchat_domain::storage::Unique;

use crate::connection::Attempt;

pub(crate) use name_order::{Named, note_rename};

/// Runs an update and tells a value that somebody else has from other failures. The transaction can go on.
fn unique<C: Attempt>(
    connection: &mut C,
    update: impl FnOnce(&mut C) -> QueryResult<usize>,
) -> QueryResult<Unique<()>> {
    match connection.attempt(update) {
        Ok(_) => Ok(Unique::Stored(())),
        Err(Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _)) => Ok(Unique::Taken),
        Err(error) => Err(error),
    }
}

/// What an `INSERT … ON CONFLICT DO NOTHING RETURNING id` says about a unique value.
fn inserted<T>(id: Option<i64>, wrap: impl FnOnce(i64) -> T) -> Unique<T> {
    id.map_or(Unique::Taken, |id| Unique::Stored(wrap(id)))
}

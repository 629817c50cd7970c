//! The repositories of the domain on SQLite, all of them on a transaction's one connection.
//!
//! A file is an aggregate. Rows are private structs that become entities in one place; a stored word that the
//! program doesn't know is a fault, never a default. Every statement finds its rows by an index: none ever
//! walks all messages, memberships or reactions.

mod accounts;
mod groups;
mod jobs;
mod members;
mod messages;
mod purge;
mod sessions;
mod stored;
mod upsert;

use diesel::result::{DatabaseErrorKind, Error, QueryResult};
use groupchat_domain::accounts::Unique;

/// The character that takes the meaning from `%` and `_` in a pattern.
const LIKE_ESCAPE: char = '\\';

/// A LIKE pattern, with [`LIKE_ESCAPE`], for texts that contain `text` as it stands.
fn containing(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len() + 2);
    pattern.push('%');
    for c in text.chars() {
        if matches!(c, '%' | '_' | LIKE_ESCAPE) {
            pattern.push(LIKE_ESCAPE);
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

/// Tells a value that somebody else has from other failures of an update. SQLite undoes the statement alone,
/// so the transaction can go on.
fn unique(updated: QueryResult<usize>) -> QueryResult<Unique<()>> {
    match updated {
        Ok(_) => Ok(Unique::Stored(())),
        Err(Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _)) => Ok(Unique::Taken),
        Err(error) => Err(error),
    }
}

/// What an `INSERT … ON CONFLICT DO NOTHING RETURNING id` says about a unique value.
fn inserted<T>(id: Option<i64>, wrap: impl FnOnce(i64) -> T) -> Unique<T> {
    id.map_or(Unique::Taken, |id| Unique::Stored(wrap(id)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_in_a_search_stand_for_themselves() {
        assert_eq!(containing("50%_a\\b"), r"%50\%\_a\\b%");
        assert_eq!(containing(""), "%%");
    }
}

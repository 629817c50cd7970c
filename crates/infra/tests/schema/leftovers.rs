//! What migrations do to the rows there are.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use crate::migrated;

#[derive(QueryableByName, Debug, PartialEq, Eq)]
struct Found {
    #[diesel(sql_type = Text)]
    word: String,
    #[diesel(sql_type = BigInt)]
    id: i64,
}

fn found(word: &str, id: i64) -> Found {
    Found { word: word.to_owned(), id }
}

/// Three direct conversations, the second of which nobody is left in, and a group without members.
const GROUPS: &str = "INSERT INTO groups \
    (id, kind, direct_key, name, name_key, visibility, history, version, created_at, member_count, last_seq) VALUES \
    (1, 'direct', '1,2', NULL, NULL, 'private', 'all', 1, 5, 2, 0), \
    (2, 'direct', '1,3', NULL, NULL, 'private', 'all', 1, 5, 0, 0), \
    (3, 'direct', '1,4', NULL, NULL, 'private', 'all', 1, 5, 1, 0), \
    (4, 'group', NULL, 'chess', 'chess', 'private', 'all', 1, 5, 0, 0);";

/// It is marked as deleted, and a job removes what it holds.
macro_rules! empty_conversations_are_removed {
    ($connection:expr, $migration:literal) => {
        let connection = $connection;
        connection.batch_execute(GROUPS).unwrap();
        // Once more than when the database was made.
        connection.batch_execute(include_str!($migration)).unwrap();
        let deleted = "SELECT kind AS word, id FROM groups WHERE deleted_at IS NOT NULL";
        let deleted: Vec<Found> = diesel::sql_query(deleted).load(connection).unwrap();
        assert_eq!(deleted, [found("direct", 2)]);
        let jobs = "SELECT kind AS word, subject_id AS id FROM jobs";
        let jobs: Vec<Found> = diesel::sql_query(jobs).load(connection).unwrap();
        assert_eq!(jobs, [found("forget_group", 2)]);
    };
}

#[test]
fn empty_conversations_are_removed_on_sqlite() {
    empty_conversations_are_removed!(
        &mut migrated::sqlite(),
        "../../../../migrations/sqlite/00000000000024_empty_conversations/up.sql"
    );
}

#[cfg(feature = "postgres")]
#[test]
fn empty_conversations_are_removed_on_postgres() {
    empty_conversations_are_removed!(
        &mut migrated::postgres().connection,
        "../../../../migrations/postgres/00000000000024_empty_conversations/up.sql"
    );
}

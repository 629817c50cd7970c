//! What the migration that orders messages by time fills in, for messages of before it.

use std::path::Path;

use diesel::backend::Backend;
use diesel::connection::SimpleConnection;
use diesel::migration::{Migration, MigrationSource};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable};
use diesel_migrations::{FileBasedMigrations, MigrationHarness};

/// The migration.
const NAME: &str = "00000000000037_author_runs";

/// Messages with these times, in the order of their numbers.
const TIMES: [i64; 9] = [10, 10, 5, 10, 10, 12, 12, 3, 13];

/// What they know of the times before them then: late ones are the third, the two after it that are from the latest time
/// of then, and the eighth.
const ORDERED_AT: [Option<i64>; 9] = [None, None, Some(10), Some(10), Some(10), None, None, Some(12), None];

/// Runs all migrations, and adds messages before this one.
fn migrate<D: Backend, C: MigrationHarness<D> + SimpleConnection>(connection: &mut C, folder: &str)
where
    FileBasedMigrations: MigrationSource<D>,
{
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../migrations").join(folder);
    let mut all: Vec<Box<dyn Migration<D>>> =
        FileBasedMigrations::from_path(folder).unwrap().migrations().unwrap();
    all.sort_by_key(|migration| migration.name().version().as_owned());
    connection.applied_migrations().unwrap();
    let mut is_filled = false;
    for migration in &all {
        if migration.name().to_string() == NAME {
            connection.batch_execute(&rows()).unwrap();
            is_filled = true;
        }
        connection.run_migration(migration).unwrap();
    }
    assert!(is_filled, "no migration is named {NAME}");
}

fn rows() -> String {
    let messages: Vec<_> =
        TIMES.iter().zip(1..).map(|(at, seq)| format!("(1, {seq}, 1, 1, {at}, 0, 'text')")).collect();
    format!(
        "INSERT INTO users (username, username_key, is_admin, password_hash, version, created_at)
             VALUES ('ann', 'ann', FALSE, 'hash', 1, 1);
         INSERT INTO groups (name, name_key, visibility, version, created_at, member_count, last_seq)
             VALUES ('old', 'old', 'public', 1, 1, 1, 0);
         INSERT INTO messages (group_id, seq, author_id, version, created_at, likes, text) VALUES {};",
        messages.join(", ")
    )
}

#[derive(QueryableByName)]
struct Ordered {
    #[diesel(sql_type = Nullable<BigInt>)]
    ordered_at: Option<i64>,
}

/// Reads what was filled in. A macro, because each connection is another type.
macro_rules! ordered {
    ($connection:expr) => {{
        let rows = diesel::sql_query("SELECT ordered_at FROM messages ORDER BY seq");
        let rows: Vec<Ordered> = rows.load($connection).unwrap();
        rows.into_iter().map(|row| row.ordered_at).collect::<Vec<_>>()
    }};
}

#[test]
fn messages_of_before_know_the_times_before_them_on_sqlite() {
    let mut connection = SqliteConnection::establish(":memory:").unwrap();
    migrate(&mut connection, "sqlite");
    assert_eq!(ordered!(&mut connection), ORDERED_AT);
}

#[cfg(feature = "postgres")]
#[test]
fn messages_of_before_know_the_times_before_them_on_postgres() {
    let database = groupchat_testing::Scratch::create();
    let mut connection = PgConnection::establish(database.url()).unwrap();
    migrate(&mut connection, "postgres");
    assert_eq!(ordered!(&mut connection), ORDERED_AT);
}

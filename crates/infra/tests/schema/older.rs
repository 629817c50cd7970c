//! Files of older versions.

use std::path::Path;

use diesel::connection::SimpleConnection;
use diesel::migration::{Migration, MigrationSource};
use diesel::prelude::*;
use diesel::sqlite::Sqlite;
use diesel_migrations::{FileBasedMigrations, MigrationHarness};
use groupchat_infra::sqlite::verify_backup;

/// What the first version wrote.
const ROWS: &str = "
    INSERT INTO users (username, username_key, is_admin, password_hash, version, created_at)
        VALUES ('ann', 'ann', 1, 'hash', 1, 1);
    INSERT INTO groups (name, name_key, visibility, version, created_at, member_count, last_seq)
        VALUES ('old', 'old', 'public', 1, 1, 1, 0);
    INSERT INTO memberships VALUES (1, 1, 'owner', 0, 1, 1);
    INSERT INTO messages (group_id, seq, author_id, version, created_at, likes, text) VALUES (1, 1, 1, 1, 1, 0, 'text');
    INSERT INTO events (at, type, actor_id, audience, group_id, message_id)
        VALUES (1, 'message.created', 1, 'group', 1, 1);";

fn migrations() -> Vec<Box<dyn Migration<Sqlite>>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../migrations/sqlite");
    let mut all = FileBasedMigrations::from_path(folder).unwrap().migrations().unwrap();
    all.sort_by_key(|migration| migration.name().version().as_owned());
    all
}

/// Makes a file as the version with so many migrations left it.
fn create(file: &Path, count: usize) {
    let mut connection = SqliteConnection::establish(file.to_str().unwrap()).unwrap();
    // As the program migrates: tables are made anew.
    connection.batch_execute("PRAGMA foreign_keys = OFF").unwrap();
    connection.applied_migrations().unwrap();
    for (number, migration) in migrations().iter().take(count).enumerate() {
        connection.run_migration(migration).unwrap();
        if number == 0 {
            connection.batch_execute(ROWS).unwrap();
        }
    }
}

#[test]
fn a_backup_by_any_older_version_is_sound() {
    let folder = tempfile::tempdir().unwrap();
    for count in 1..=migrations().len() {
        let file = folder.path().join(format!("{count}.db"));
        create(&file, count);
        let verified = verify_backup(&file).map(|backup| backup.contents.rows_of("messages"));
        assert_eq!(verified.map_err(|error| error.to_string()), Ok(1), "with {count} migrations");
    }
}

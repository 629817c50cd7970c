//! Opening databases of every earlier version.

use std::fs;
use std::path::{Path, PathBuf};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel_migrations::FileBasedMigrations;
use tempfile::TempDir;

use super::support::number;
use crate::sqlite::DataDirLock;
use crate::sqlite::error::OpenError;
use crate::sqlite::migrate::{migrate, migrate_unless_in_use, migrate_with};

/// A directory for a database and for a test's own migrations.
struct Setting {
    directory: TempDir,
}

impl Setting {
    fn new() -> Self {
        Self { directory: tempfile::tempdir().unwrap() }
    }

    fn database(&self) -> PathBuf {
        self.directory.path().join("chat.db")
    }

    /// Writes these migrations, named by their order, and applies them.
    fn migrate(&self, migrations: &[&str]) -> Result<(), OpenError> {
        let source = tempfile::tempdir().unwrap();
        for (place, sql) in migrations.iter().enumerate() {
            let folder = source.path().join(format!("{:014}_step", place + 1));
            fs::create_dir(&folder).unwrap();
            fs::write(folder.join("up.sql"), sql).unwrap();
        }
        let source = FileBasedMigrations::from_path(source.path()).unwrap();
        migrate_with(&self.database(), &source)
    }

    /// Applies the program's migrations before this version.
    fn migrate_before(&self, version: &str) {
        let source = tempfile::tempdir().unwrap();
        let all = concat!(env!("CARGO_MANIFEST_DIR"), "/../../migrations/sqlite");
        for entry in fs::read_dir(all).unwrap().map(|entry| entry.unwrap()) {
            if entry.file_name().to_string_lossy().as_ref() < version {
                let folder = source.path().join(entry.file_name());
                fs::create_dir(&folder).unwrap();
                fs::copy(entry.path().join("up.sql"), folder.join("up.sql")).unwrap();
            }
        }
        migrate_with(&self.database(), &FileBasedMigrations::from_path(source.path()).unwrap()).unwrap();
    }

    fn connect(&self) -> SqliteConnection {
        connect(&self.database())
    }

    fn copies(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.directory.path()).unwrap().map(|entry| entry.unwrap().path());
        entries.filter(|path| path.to_string_lossy().contains("before-migration")).collect()
    }
}

fn connect(path: &Path) -> SqliteConnection {
    SqliteConnection::establish(path.to_str().unwrap()).unwrap()
}

const FIRST: &str = "CREATE TABLE parents (id INTEGER PRIMARY KEY);
    CREATE TABLE children (parent INTEGER NOT NULL REFERENCES parents (id) ON DELETE CASCADE);
    INSERT INTO parents VALUES (1); INSERT INTO children VALUES (1);";
const CHILDREN: &str = "SELECT count(*) AS value FROM children";

#[test]
fn a_fresh_file_gets_the_whole_schema_and_a_second_start_changes_nothing() {
    let setting = Setting::new();
    migrate(&setting.database()).unwrap();
    migrate(&setting.database()).unwrap();
    assert_eq!(number(&mut setting.connect(), "SELECT count(*) AS value FROM messages"), Ok(0));
    assert!(setting.copies().is_empty());
}

#[test]
fn a_group_without_an_owner_gets_one() {
    let setting = Setting::new();
    setting.migrate_before("00000000000008");
    // In the first group, the owner's account was deleted and nobody else was a member. The second group has an admin.
    let rows = "
        INSERT INTO users (id, username, username_key, is_admin, password_hash, version, created_at)
        VALUES (1, 'ann', 'ann', 0, 'x', 1, 0), (2, 'bob', 'bob', 0, 'x', 1, 0), (3, 'cleo', 'cleo', 0, 'x', 1, 0);
        INSERT INTO groups (id, name, name_key, visibility, version, created_at, member_count, last_seq)
        VALUES (1, 'a', 'a', 'public', 1, 0, 2, 0), (2, 'b', 'b', 'public', 1, 0, 2, 0),
               (3, 'c', 'c', 'public', 1, 0, 2, 0), (4, 'd', 'd', 'public', 1, 0, 0, 0);
        INSERT INTO memberships (group_id, user_id, role, read_seq, joined_at, since_event)
        VALUES (1, 2, 'member', 0, 5, 0), (1, 3, 'member', 0, 3, 0), (2, 1, 'admin', 0, 9, 0),
               (2, 2, 'member', 0, 1, 0), (3, 1, 'owner', 0, 9, 0), (3, 3, 'admin', 0, 1, 0);";
    setting.connect().batch_execute(rows).unwrap();
    migrate(&setting.database()).unwrap();
    let owners = "SELECT sum(group_id * 100 + user_id) AS value FROM memberships WHERE role = 'owner'";
    assert_eq!(number(&mut setting.connect(), owners), Ok(103 + 201 + 301));
}

#[test]
fn groups_that_are_rewritten_keep_what_refers_to_them_and_their_ids() {
    let setting = Setting::new();
    setting.migrate_before("00000000000014");
    // The group with the greatest id is gone, and its id must not be given out again.
    let rows = "
        INSERT INTO users (id, username, username_key, is_admin, password_hash, version, created_at)
        VALUES (1, 'ann', 'ann', 0, 'x', 1, 0);
        INSERT INTO groups (id, name, name_key, visibility, version, created_at, member_count, last_seq)
        VALUES (1, 'a', 'a', 'public', 1, 0, 1, 0), (9, 'b', 'b', 'public', 1, 0, 0, 0);
        INSERT INTO memberships (group_id, user_id, role, read_seq, joined_at, since_event)
        VALUES (1, 1, 'owner', 0, 5, 0);
        DELETE FROM groups WHERE id = 9;";
    setting.connect().batch_execute(rows).unwrap();
    migrate(&setting.database()).unwrap();
    let mut connection = setting.connect();
    let later = "
        INSERT INTO messages (id, group_id, seq, author_id, version, created_at, likes, text)
        VALUES (1, 1, 1, 1, 1, 0, 0, 'hello');
        INSERT INTO groups (name, name_key, visibility, version, created_at, member_count, last_seq)
        VALUES ('c', 'c', 'closed', 1, 0, 0, 0);";
    connection.batch_execute(later).unwrap();
    let kept = "SELECT group_concat(groups.id || ' ' || history || ' ' || kind || ' ' || last_seq) = '1 all group 1' \
                AND sum(joined_seq) = 0 AS value FROM groups JOIN memberships ON group_id = groups.id";
    assert_eq!(number(&mut connection, kept), Ok(1), "the trigger works on the new table");
    assert_eq!(number(&mut connection, "SELECT max(id) AS value FROM groups"), Ok(10));
    assert_eq!(number(&mut connection, "SELECT count(*) AS value FROM pragma_foreign_key_check"), Ok(0));
}

#[test]
fn an_existing_file_is_copied_before_it_is_migrated() {
    let setting = Setting::new();
    setting.migrate(&[FIRST]).unwrap();
    setting.migrate(&[FIRST, "DROP TABLE children"]).unwrap();
    assert!(number(&mut setting.connect(), CHILDREN).is_err());
    let [copy] = &setting.copies()[..] else { panic!("one copy is expected") };
    assert_eq!(number(&mut connect(copy), CHILDREN), Ok(1));
    #[cfg(unix)]
    {
        let mode = std::os::unix::fs::PermissionsExt::mode(&copy.metadata().unwrap().permissions());
        assert_eq!(mode & 0o077, 0, "only its owner may read it");
    }
}

#[test]
fn rebuilding_a_parent_table_leaves_its_cascading_children() {
    let setting = Setting::new();
    setting.migrate(&[FIRST]).unwrap();
    let rebuild = "CREATE TABLE rebuilt (id INTEGER PRIMARY KEY, name TEXT);
        INSERT INTO rebuilt (id) SELECT id FROM parents;
        DROP TABLE parents; ALTER TABLE rebuilt RENAME TO parents;";
    setting.migrate(&[FIRST, rebuild]).unwrap();
    assert_eq!(number(&mut setting.connect(), CHILDREN), Ok(1));
}

#[test]
fn a_migration_that_fails_leaves_the_file_as_it_was() {
    let setting = Setting::new();
    setting.migrate(&[FIRST]).unwrap();
    let refused = setting.migrate(&[FIRST, "DROP TABLE children", "NONSENSE"]).unwrap_err();
    assert!(matches!(refused, OpenError::Migration { .. }), "{refused}");
    assert_eq!(number(&mut setting.connect(), CHILDREN), Ok(1));
    setting.migrate(&[FIRST, "DROP TABLE children"]).unwrap();
}

#[test]
fn a_migration_that_leaves_dangling_references_is_undone() {
    let setting = Setting::new();
    setting.migrate(&[FIRST]).unwrap();
    let refused = setting.migrate(&[FIRST, "DELETE FROM parents"]).unwrap_err();
    assert!(matches!(refused, OpenError::Migration { .. }), "{refused}");
    assert_eq!(number(&mut setting.connect(), "SELECT count(*) AS value FROM parents"), Ok(1));
}

#[test]
fn a_newer_file_is_rejected_with_both_versions() {
    let setting = Setting::new();
    setting.migrate(&[FIRST, "CREATE TABLE later (id INTEGER)"]).unwrap();
    let refused = setting.migrate(&[FIRST]).unwrap_err();
    let OpenError::Newer { found, known, .. } = refused else { panic!("{refused}") };
    assert_eq!((found.as_str(), known.as_str()), ("00000000000002", "00000000000001"));
}

#[test]
fn an_older_file_is_rejected_while_a_server_uses_it() {
    let setting = Setting::new();
    let server = DataDirLock::acquire(setting.directory.path()).unwrap();
    let refused = migrate_unless_in_use(&setting.database()).unwrap_err();
    assert!(matches!(refused, OpenError::NeedsMigration(_)), "{refused}");
    assert!(refused.to_string().contains("restart the server"), "{refused}");
    let tables = "SELECT count(*) AS value FROM sqlite_schema WHERE name = 'messages'";
    assert_eq!(number(&mut setting.connect(), tables), Ok(0));

    drop(server);
    migrate_unless_in_use(&setting.database()).unwrap();
    assert_eq!(number(&mut setting.connect(), tables), Ok(1));
    let _server = DataDirLock::acquire(setting.directory.path()).expect("held only while it migrates");
    migrate_unless_in_use(&setting.database()).expect("there is nothing to migrate");
}

#[test]
fn the_database_of_another_program_is_rejected_and_unchanged() {
    let setting = Setting::new();
    setting.connect().batch_execute("CREATE TABLE recipes (id INTEGER)").unwrap();
    let refused = migrate(&setting.database()).unwrap_err();
    assert!(matches!(refused, OpenError::NotADatabase(_)), "{refused}");
    let tables = "SELECT count(*) AS value FROM sqlite_schema";
    assert_eq!(number(&mut setting.connect(), tables), Ok(1));
}

#[test]
fn a_file_that_is_no_database_is_rejected() {
    let setting = Setting::new();
    fs::write(setting.database(), "Dear diary, this is not a database at all. ".repeat(100)).unwrap();
    let refused = migrate(&setting.database()).unwrap_err();
    assert!(matches!(refused, OpenError::NotADatabase(_)), "{refused}");
}

#[test]
fn an_error_names_a_missing_folder() {
    let refused = migrate(Path::new("/nowhere/at/all/chat.db")).unwrap_err();
    assert!(matches!(refused, OpenError::Unwritable { .. }), "{refused}");
    assert!(refused.to_string().contains("/nowhere/at/all"), "{refused}");
}

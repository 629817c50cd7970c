//! A backup takes the place of a database, whatever state that is in.

use std::fs;
use std::path::{Path, PathBuf};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use tempfile::TempDir;

use super::support::number;
use crate::sqlite::error::OpenError;
use crate::sqlite::migrate::migrate;
use crate::sqlite::{DataDirLock, RestoreError, RestorePaths, Restored, backup, restore};

/// A backup of a database with two rows of `notes`.
struct Setting {
    directory: TempDir,
}

impl Setting {
    fn new() -> Self {
        let setting = Self { directory: tempfile::tempdir().unwrap() };
        let origin = setting.path("origin.db");
        make(&origin, 2);
        backup(&origin, &setting.backup(), false, &mut |_| ()).unwrap();
        fs::create_dir(setting.path("data")).unwrap();
        setting
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn backup(&self) -> PathBuf {
        self.path("backup.db")
    }

    fn database(&self) -> PathBuf {
        self.path("data/chat.db")
    }

    fn kept(&self) -> PathBuf {
        self.path("data/chat.db.before")
    }

    fn restore_from(&self, backup: &Path) -> Result<Restored, RestoreError> {
        let lock = DataDirLock::acquire(&self.path("data")).unwrap();
        let (database, kept) = (self.database(), self.kept());
        restore(&lock, &RestorePaths { backup, database: &database, kept: &kept }, &mut |_| ())
    }

    fn restore(&self) -> Result<Restored, RestoreError> {
        self.restore_from(&self.backup())
    }

    /// Adds a row to `notes` that is in the write-ahead log only, as a program leaves it that is killed.
    fn add_row_as_if_killed(&self) {
        let mut program = connect(&self.database());
        program.batch_execute("PRAGMA wal_autocheckpoint = 0; INSERT INTO notes VALUES (9)").unwrap();
        let files = ["chat.db", "chat.db-wal"].map(|name| self.path("data").join(name));
        let left = files.map(|file| (fs::read(&file).unwrap(), file));
        drop(program);
        for (content, file) in left {
            fs::write(file, content).unwrap();
        }
    }

    /// The names of the files in the data folder, but for the lock.
    fn files(&self) -> Vec<String> {
        let entries = fs::read_dir(self.path("data")).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<_> = names.filter(|name| name != "groupchat.lock").collect();
        names.sort();
        names
    }
}

fn connect(path: &Path) -> SqliteConnection {
    SqliteConnection::establish(path.to_str().unwrap()).unwrap()
}

/// A database with an epoch of its own and some rows of `notes`.
fn make(path: &Path, notes: i64) {
    migrate(path).unwrap();
    let mut connection = connect(path);
    connection
        .batch_execute("CREATE TABLE notes (id INTEGER); INSERT INTO log_state VALUES (1, 'the old epoch')")
        .unwrap();
    for id in 0..notes {
        connection.batch_execute(&format!("INSERT INTO notes VALUES ({id})")).unwrap();
    }
}

fn notes(path: &Path) -> i64 {
    number(&mut connect(path), "SELECT count(*) AS value FROM notes").unwrap()
}

fn old_epochs(path: &Path) -> i64 {
    let query = "SELECT count(*) AS value FROM log_state WHERE epoch = 'the old epoch'";
    number(&mut connect(path), query).unwrap()
}

#[test]
fn it_comes_with_a_new_epoch_where_there_was_nothing() {
    let setting = Setting::new();
    let restored = setting.restore().unwrap();
    assert_eq!(restored.kept, None);
    assert_eq!(restored.contents.rows_of("notes"), 2);
    assert_eq!((notes(&setting.database()), old_epochs(&setting.database())), (2, 0));
    assert_eq!(old_epochs(&setting.backup()), 1, "the backup is as it was");
    assert_eq!(setting.files(), ["chat.db"]);
}

#[test]
fn the_replaced_database_is_kept_whole_in_one_file() {
    let setting = Setting::new();
    make(&setting.database(), 5);
    setting.add_row_as_if_killed();

    let restored = setting.restore().unwrap();
    assert_eq!(restored.kept, Some(setting.kept()));
    assert_eq!(setting.files(), ["chat.db", "chat.db.before"]);
    assert_eq!((notes(&setting.database()), notes(&setting.kept())), (2, 6));
}

#[test]
fn a_damaged_database_is_kept_with_the_files_beside_it_and_they_harm_nobody() {
    let setting = Setting::new();
    for suffix in ["", "-wal", "-shm", "-journal"] {
        fs::write(setting.path(&format!("data/chat.db{suffix}")), "rubbish ".repeat(1_000)).unwrap();
    }
    setting.restore().unwrap();
    let beside = setting.files().into_iter().filter(|name| name.starts_with("chat.db-"));
    assert_eq!(beside.count(), 0, "{:?}", setting.files());
    assert_eq!(notes(&setting.database()), 2);
    let kept = ["chat.db.before", "chat.db.before-wal", "chat.db.before-shm", "chat.db.before-journal"];
    for name in kept {
        assert!(setting.files().contains(&name.to_owned()), "{name}: {:?}", setting.files());
    }
}

#[test]
fn the_log_of_a_database_that_is_gone_is_not_taken_for_one_of_the_new() {
    let setting = Setting::new();
    make(&setting.database(), 5);
    setting.add_row_as_if_killed();
    fs::remove_file(setting.database()).unwrap();
    setting.restore().unwrap();
    assert_eq!(setting.files(), ["chat.db", "chat.db.before-wal"]);
    assert_eq!(notes(&setting.database()), 2);
}

#[test]
fn a_database_in_use_is_left_alone() {
    let setting = Setting::new();
    make(&setting.database(), 5);
    let mut user = connect(&setting.database());
    user.batch_execute("BEGIN; SELECT * FROM notes").unwrap();
    let refused = setting.restore().unwrap_err();
    assert!(matches!(refused, RestoreError::Open(OpenError::Busy(_))), "{refused}");
    drop(user);
    assert_eq!(notes(&setting.database()), 5);
    assert_eq!(setting.files(), ["chat.db"]);
}

#[test]
fn what_is_no_sound_backup_changes_nothing() {
    let setting = Setting::new();
    make(&setting.database(), 5);
    let copy = |name: &str, change: &str| {
        let path = setting.path(name);
        fs::copy(setting.backup(), &path).unwrap();
        connect(&path).batch_execute(change).unwrap();
        path
    };
    let newer =
        copy("newer.db", "INSERT INTO __diesel_schema_migrations (version) VALUES ('99999999999999')");
    let unsound = copy(
        "unsound.db",
        "INSERT INTO events (id, at, type, audience) VALUES (1, 0, 'a', 'all'), \
                                      (3, 0, 'a', 'all')",
    );
    let (garbage, empty, missing) = (setting.path("garbage"), setting.path("empty"), setting.path("missing"));
    fs::write(&garbage, "not a database ".repeat(1_000)).unwrap();
    fs::write(&empty, "").unwrap();

    let refusals = [newer, unsound, garbage, empty, missing, setting.database()]
        .map(|backup| setting.restore_from(&backup).unwrap_err());
    use RestoreError::{File, Open, Own, Unsound};
    assert!(matches!(refusals[0], Open(OpenError::Newer { .. })), "{}", refusals[0]);
    assert!(matches!(refusals[1], Unsound(_)), "{}", refusals[1]);
    assert!(matches!(refusals[2], Open(OpenError::NotADatabase(_))), "{}", refusals[2]);
    assert!(matches!(refusals[3], Open(OpenError::NotADatabase(_))), "{}", refusals[3]);
    assert!(matches!(refusals[4], File { .. }), "{}", refusals[4]);
    assert!(matches!(refusals[5], Own(_)), "{}", refusals[5]);
    assert!(refusals[0].to_string().contains("newer.db"), "it names the backup: {}", refusals[0]);
    assert_eq!(setting.files(), ["chat.db"]);
    assert_eq!((notes(&setting.database()), old_epochs(&setting.database())), (5, 1));
}

#[test]
fn a_database_in_use_is_no_backup() {
    let setting = Setting::new();
    let mut user = connect(&setting.path("origin.db"));
    user.batch_execute("INSERT INTO notes VALUES (9)").unwrap();
    let refused = setting.restore_from(&setting.path("origin.db")).unwrap_err();
    assert!(matches!(refused, RestoreError::Live { .. }), "{refused}");
}

#[test]
fn what_a_killed_restore_left_is_swept_away() {
    let setting = Setting::new();
    fs::write(setting.path("data/chat.db.unfinished-1"), "half a database").unwrap();
    setting.restore().unwrap();
    assert_eq!(setting.files(), ["chat.db"]);
}

#[test]
fn a_kept_database_is_not_overwritten() {
    let setting = Setting::new();
    make(&setting.database(), 5);
    fs::write(setting.kept(), "an older one").unwrap();
    let refused = setting.restore().unwrap_err();
    assert!(matches!(refused, RestoreError::File { .. }), "{refused}");
    assert_eq!(notes(&setting.database()), 5);
    assert_eq!(fs::read(setting.kept()).unwrap(), b"an older one");
}

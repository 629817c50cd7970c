//! A backup replaces a database in any state.

use std::fs;
use std::path::{Path, PathBuf};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use groupchat_domain::time::Timestamp;
use tempfile::TempDir;

use super::support::number;
use crate::sqlite::error::OpenError;
use crate::sqlite::migrate::migrate;
use crate::sqlite::{DataDirLock, RestoreError, RestorePaths, Restored, advance_ids, backup, restore};

/// A backup of a database with two jobs, which stand for any rows.
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

    /// Restores under a clock before 2024, so that the new ids depend only on the known ones.
    fn restore_from(&self, backup: &Path) -> Result<Restored, RestoreError> {
        self.restore_at(backup, Timestamp::from_micros(0))
    }

    fn restore_at(&self, backup: &Path, now: Timestamp) -> Result<Restored, RestoreError> {
        let lock = DataDirLock::acquire(&self.path("data")).unwrap();
        let (database, kept) = (self.database(), self.kept());
        let paths = RestorePaths { backup, database: &database, kept: &kept, damaged: None };
        restore(&lock, &paths, now, &mut |_| ())
    }

    fn restore(&self) -> Result<Restored, RestoreError> {
        self.restore_from(&self.backup())
    }

    /// Adds a row that is only in the write-ahead log, as a killed program leaves it.
    fn add_row_as_if_killed(&self) {
        let mut program = connect(&self.database());
        program.batch_execute("PRAGMA wal_autocheckpoint = 0; INSERT INTO jobs (id, kind, subject_id, run_after, created_at) VALUES (9, 'note', 0, 0, 0)").unwrap();
        let files = ["chat.db", "chat.db-wal"].map(|name| self.path("data").join(name));
        let left = files.map(|file| (fs::read(&file).unwrap(), file));
        drop(program);
        for (content, file) in left {
            fs::write(file, content).unwrap();
        }
    }

    /// The names of the files in the data folder, except the lock.
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

/// A database with its own epoch and some jobs.
fn make(path: &Path, notes: i64) {
    migrate(path).unwrap();
    let mut connection = connect(path);
    connection.batch_execute("INSERT INTO log_state (id, epoch) VALUES (1, 'the old epoch')").unwrap();
    for id in 0..notes {
        connection.batch_execute(&format!("INSERT INTO jobs (id, kind, subject_id, run_after, created_at) VALUES ({id}, 'note', 0, 0, 0)")).unwrap();
    }
}

fn notes(path: &Path) -> i64 {
    number(&mut connect(path), "SELECT count(*) AS value FROM jobs").unwrap()
}

fn old_epochs(path: &Path) -> i64 {
    let query = "SELECT count(*) AS value FROM log_state WHERE epoch = 'the old epoch'";
    number(&mut connect(path), query).unwrap()
}

#[test]
fn a_restore_into_an_empty_folder_sets_a_new_epoch() {
    let setting = Setting::new();
    let restored = setting.restore().unwrap();
    assert_eq!(restored.kept, None);
    assert_eq!(restored.contents.rows_of("jobs"), 2);
    assert_eq!((notes(&setting.database()), old_epochs(&setting.database())), (2, 0));
    assert_eq!(old_epochs(&setting.backup()), 1, "the backup is as it was");
    assert_eq!(setting.files(), ["chat.db"]);
}

#[test]
fn the_replaced_database_is_kept_completely_in_one_file() {
    let setting = Setting::new();
    make(&setting.database(), 5);
    setting.add_row_as_if_killed();

    let restored = setting.restore().unwrap();
    assert_eq!(restored.kept, Some(setting.kept()));
    assert_eq!(setting.files(), ["chat.db", "chat.db.before"]);
    assert_eq!((notes(&setting.database()), notes(&setting.kept())), (2, 6));
}

#[test]
fn a_damaged_database_is_kept_with_its_side_files() {
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
fn the_log_of_a_lost_database_does_not_become_the_new_ones() {
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
    user.batch_execute("BEGIN; SELECT * FROM jobs").unwrap();
    let refused = setting.restore().unwrap_err();
    assert!(matches!(refused, RestoreError::Open(OpenError::Busy(_))), "{refused}");
    drop(user);
    assert_eq!(notes(&setting.database()), 5);
    assert_eq!(setting.files(), ["chat.db"]);
}

#[test]
fn an_invalid_backup_changes_nothing() {
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
    assert!(matches!(&refusals[3], Unsound(found) if *found == ["it is empty"]), "{}", refusals[3]);
    assert!(matches!(refusals[4], File { .. }), "{}", refusals[4]);
    assert!(matches!(refusals[5], Own(_)), "{}", refusals[5]);
    assert!(refusals[0].to_string().contains("newer.db"), "it names the backup: {}", refusals[0]);
    assert_eq!(setting.files(), ["chat.db"]);
    assert_eq!((notes(&setting.database()), old_epochs(&setting.database())), (5, 1));
}

#[test]
fn a_database_in_use_is_rejected_as_a_backup() {
    let setting = Setting::new();
    let mut user = connect(&setting.path("origin.db"));
    user.batch_execute(
        "INSERT INTO jobs (id, kind, subject_id, run_after, created_at) VALUES (9, 'note', 0, 0, 0)",
    )
    .unwrap();
    let refused = setting.restore_from(&setting.path("origin.db")).unwrap_err();
    assert!(matches!(refused, RestoreError::Live { .. }), "{refused}");
}

#[test]
fn files_of_a_killed_restore_are_swept() {
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

/// A trigger that makes somebody an admin as soon as a key is used.
const RISE: &str =
    "CREATE TRIGGER rise AFTER UPDATE ON sessions BEGIN UPDATE users SET is_admin = 1 WHERE id = 2; END";

#[test]
fn a_backup_with_a_foreign_trigger_is_rejected() {
    let setting = Setting::new();
    make(&setting.database(), 5);
    connect(&setting.backup()).batch_execute(RISE).unwrap();
    let refused = setting.restore().unwrap_err();
    assert!(matches!(&refused, RestoreError::Unsound(_)), "{refused}");
    assert!(refused.to_string().contains("the trigger rise is not groupchat's"), "{refused}");
    assert_eq!((setting.files(), notes(&setting.database())), (vec!["chat.db".to_owned()], 5));
}

#[test]
fn a_database_with_a_foreign_trigger_cannot_be_opened_or_backed_up() {
    let setting = Setting::new();
    connect(&setting.path("origin.db")).batch_execute(RISE).unwrap();
    let refused = migrate(&setting.path("origin.db")).unwrap_err();
    assert!(
        matches!(&refused, OpenError::Schema { differences, .. } if differences.contains("rise")),
        "{refused}"
    );
    let refused =
        backup(&setting.path("origin.db"), &setting.path("next.db"), false, &mut |_| ()).unwrap_err();
    assert!(refused.to_string().contains("rise"), "{refused}");
}

/// The next ids: of a job and of an event, which is also its position in the log.
fn next_ids(path: &Path) -> (i64, i64) {
    let mut connection = connect(path);
    let mut insert =
        |statement: &str| number(&mut connection, &format!("{statement} RETURNING id AS value")).unwrap();
    let job = insert("INSERT INTO jobs (kind, subject_id, run_after, created_at) VALUES ('next', 0, 0, 0)");
    (job, insert("INSERT INTO events (at, type, audience) VALUES (0, 'a', 'all')"))
}

const STRIDE: i64 = 1 << 32;

#[test]
fn ids_are_not_reused_however_often_a_backup_is_restored() {
    let setting = Setting::new();
    for round in 1..=3 {
        setting.restore().unwrap();
        assert_eq!(next_ids(&setting.database()), (round * STRIDE + 1, 1), "places have no gap");
        fs::remove_file(setting.kept()).ok();
    }
    let counter = |table: &str| {
        let query = format!("SELECT seq AS value FROM sqlite_sequence WHERE name = '{table}'");
        number(&mut connect(&setting.database()), &query)
    };
    for table in ["users", "groups", "messages", "sessions", "tickets"] {
        assert_eq!(counter(table), Ok(3 * STRIDE), "{table}: also one that had no rows");
    }
}

/// This many seconds after the beginning of 2024.
fn in_2024_plus(seconds: i64) -> Timestamp {
    Timestamp::from_micros((1_704_067_200 + seconds) * 1_000_000)
}

#[test]
fn ids_of_a_lost_database_between_two_restores_are_not_reused() {
    let setting = Setting::new();
    let mut given = Vec::new();
    for second in [90_000_000, 90_000_001, 90_003_600] {
        setting.restore_at(&setting.backup(), in_2024_plus(second)).unwrap();
        let (job, position) = next_ids(&setting.database());
        assert_eq!((job, position), (second * 1_000_000 + 1, 1));
        given.push(job);
        // Nothing is left from which the ids could be known.
        fs::remove_dir_all(setting.path("data")).unwrap();
        fs::create_dir(setting.path("data")).unwrap();
    }
    assert!(given.is_sorted_by(|one, next| one < next), "{given:?}");
}

#[test]
fn ids_advanced_on_request_begin_at_the_current_time() {
    let setting = Setting::new();
    make(&setting.database(), 5);
    let lock = DataDirLock::acquire(&setting.path("data")).unwrap();
    advance_ids(&lock, &setting.database(), in_2024_plus(90_000_000)).unwrap();
    assert_eq!(next_ids(&setting.database()), (90_000_000_000_001, 1));
    // A clock that was set back by a year.
    advance_ids(&lock, &setting.database(), in_2024_plus(60_000_000)).unwrap();
    assert_eq!(next_ids(&setting.database()).0, (90_000_000_000_001 / STRIDE + 1) * STRIDE + 1);
}

#[test]
fn ids_continue_after_those_of_the_replaced_database() {
    let setting = Setting::new();
    make(&setting.database(), 1);
    let far = format!("UPDATE sqlite_sequence SET seq = {} WHERE name = 'jobs'", 7 * STRIDE + 5);
    connect(&setting.database()).batch_execute(&far).unwrap();
    setting.restore().unwrap();
    assert_eq!(next_ids(&setting.database()).0, 8 * STRIDE + 1);
}

#[test]
fn ids_are_advanced_on_request_after_a_foreign_restore() {
    let setting = Setting::new();
    make(&setting.database(), 5);
    let lock = DataDirLock::acquire(&setting.path("data")).unwrap();
    advance_ids(&lock, &setting.database(), Timestamp::from_micros(0)).unwrap();
    assert_eq!(next_ids(&setting.database()), (STRIDE + 1, 1));
    assert_eq!((notes(&setting.database()), old_epochs(&setting.database())), (6, 0));
    let refused = advance_ids(&lock, &setting.path("data/none.db"), in_2024_plus(1_000)).unwrap_err();
    assert!(matches!(refused, OpenError::Missing(_)), "{refused}");
}

/// Two sessions: one with a refresh token, which was refreshed, and one without.
const SESSIONS: &str = "
    INSERT INTO users (id, username, username_key, is_admin, password_hash, version, created_at)
        VALUES (1, 'ann', 'ann', 0, 'hash', 1, 0);
    INSERT INTO sessions (id, user_id, kind, key_hash, created_at, expires_at)
        VALUES (1, 1, 'login', zeroblob(32), 0, 900);
    INSERT INTO sessions (id, user_id, kind, key_hash, created_at, expires_at, key_expires_at, key_previous,
            key_previous_until, refresh_selector, refresh_hash, refresh_ends_at, refresh_previous, refresh_salt, rotated_at)
        VALUES (2, 1, 'login', randomblob(32), 0, 800, 100, randomblob(32), 50, randomblob(32), randomblob(32), 900,
            randomblob(32), randomblob(32), 40)";

/// Whether nothing is left of refresh tokens, and their sessions end with their keys.
fn has_forgotten_tokens(path: &Path) -> bool {
    let query = "SELECT count(*) AS value FROM sessions WHERE coalesce(key_expires_at, key_previous, key_previous_until, \
        refresh_selector, refresh_hash, refresh_ends_at, refresh_previous, refresh_salt, rotated_at) IS NULL \
        AND expires_at = CASE id WHEN 1 THEN 900 ELSE 100 END";
    number(&mut connect(path), query).unwrap() == 2
}

/// Clients have got others since the backup, which would seem to be stolen.
#[test]
fn refresh_tokens_of_a_backup_are_forgotten() {
    let setting = Setting::new();
    connect(&setting.backup()).batch_execute(SESSIONS).unwrap();
    assert!(!has_forgotten_tokens(&setting.backup()));
    setting.restore().unwrap();
    assert!(has_forgotten_tokens(&setting.database()));
}

#[test]
fn refresh_tokens_of_a_snapshot_are_forgotten() {
    let setting = Setting::new();
    make(&setting.database(), 1);
    connect(&setting.database()).batch_execute(SESSIONS).unwrap();
    let lock = DataDirLock::acquire(&setting.path("data")).unwrap();
    advance_ids(&lock, &setting.database(), Timestamp::from_micros(0)).unwrap();
    assert!(has_forgotten_tokens(&setting.database()));
}

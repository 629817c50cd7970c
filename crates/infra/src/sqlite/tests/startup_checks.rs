//! The check for damage at a start after an unclean shutdown.

use std::fs::OpenOptions;
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use groupchat_domain::storage::{Condition, Storage};
use tempfile::TempDir;

use super::support::{Published, TestClock, number};
use crate::sqlite::error::OpenError;
use crate::sqlite::migrate::migrate;
use crate::sqlite::{DataDirLock, LastUse, SqliteOptions, SqliteStorage};

const PAGE: u64 = 4_096;

/// A database with a few hundred pages.
fn database() -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("chat.db");
    migrate(&path).unwrap();
    let fill = "INSERT INTO jobs (kind, subject_id, run_after, created_at) \
        WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000) \
        SELECT hex(randomblob(200)), i, i, 0 FROM n; PRAGMA wal_checkpoint(TRUNCATE)";
    connect(&path).batch_execute(fill).unwrap();
    (directory, path)
}

fn connect(path: &Path) -> SqliteConnection {
    SqliteConnection::establish(path.to_str().unwrap()).unwrap()
}

/// Overwrites a page in the middle of the jobs with zeros, as a power failure may do.
fn zero_a_page(path: &Path) {
    let mut file = OpenOptions::new().write(true).open(path).unwrap();
    let middle = file.metadata().unwrap().len() / PAGE * 2 / 3;
    file.seek(SeekFrom::Start(middle * PAGE)).unwrap();
    file.write_all(&[0; PAGE as usize]).unwrap();
}

fn open(path: &Path, suspect: bool, check_within: Duration) -> Result<SqliteStorage, OpenError> {
    let options = SqliteOptions { alone: true, suspect, check_within, ..SqliteOptions::new(path) };
    SqliteStorage::open(options, Arc::new(TestClock::default()), Arc::new(Published::default()))
}

fn settled(storage: &SqliteStorage) -> Condition {
    let deadline = Instant::now() + Duration::from_secs(60);
    while storage.condition() == Condition::Checking {
        assert!(Instant::now() < deadline, "the check never ends");
        thread::sleep(Duration::from_millis(1));
    }
    storage.condition()
}

#[test]
fn a_sound_database_opens_after_the_check() {
    let (_directory, path) = database();
    let storage = open(&path, true, Duration::from_secs(60)).unwrap();
    assert_eq!(storage.condition(), Condition::Sound);
}

#[test]
fn a_zeroed_page_prevents_a_suspect_database_from_opening() {
    let (_directory, path) = database();
    zero_a_page(&path);
    let refused = open(&path, true, Duration::from_secs(60)).map(drop).unwrap_err();
    assert!(matches!(refused, OpenError::Damaged { .. }), "{refused}");
    // Nobody would have noticed the damage otherwise.
    assert_eq!(open(&path, false, Duration::ZERO).unwrap().condition(), Condition::Sound);
}

#[test]
fn damage_found_after_opening_is_reported() {
    let (_directory, path) = database();
    assert_eq!(settled(&open(&path, true, Duration::ZERO).unwrap()), Condition::Sound);
    zero_a_page(&path);
    // Whichever comes first: the check's end or the end of the wait.
    match open(&path, true, Duration::ZERO) {
        Ok(storage) => assert_eq!(settled(&storage), Condition::Damaged),
        Err(refused) => assert!(matches!(refused, OpenError::Damaged { .. }), "{refused}"),
    }
}

#[test]
fn a_stop_is_clean_if_it_was_recorded_and_the_log_is_empty() {
    let (directory, path) = database();
    let lock = DataDirLock::acquire(directory.path()).unwrap();
    assert!(!lock.was_not_stopped(&path), "an earlier version noted nothing");
    lock.note(LastUse::InUse).unwrap();
    assert!(lock.was_not_stopped(&path));
    lock.note(LastUse::Stopped).unwrap();
    assert!(!lock.was_not_stopped(&path));
    let mut user = connect(&path);
    user.batch_execute("UPDATE storage_probe SET at = 1").unwrap();
    assert!(lock.was_not_stopped(&path), "the log holds something");
    assert_eq!(number(&mut user, "SELECT at AS value FROM storage_probe"), Ok(1));
}

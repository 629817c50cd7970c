//! Backups of a database in use.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;

use super::support::{Fixture, note, number};
use crate::sqlite::error::OpenError;
use crate::sqlite::{Backup, BackupError, BackupStep, backup};

fn database(fixture: &Fixture) -> PathBuf {
    fixture.directory.path().join("chat.db")
}

fn connect(path: &Path) -> SqliteConnection {
    SqliteConnection::establish(path.to_str().unwrap()).unwrap()
}

fn back_up(fixture: &Fixture, target: &Path, replace: bool) -> Result<Backup, BackupError> {
    backup(&database(fixture), target, replace, &mut |_| ())
}

/// Staged files in the folder.
fn unfinished(folder: &Path) -> usize {
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
    names.filter(|name| name.to_string_lossy().contains("unfinished")).count()
}

#[test]
fn a_backup_contains_acknowledged_data_and_the_writer_goes_on() {
    let fixture = Fixture::new();
    for id in 1..=300 {
        fixture.write(note(id)).unwrap();
    }
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("backup.db");
    let (stop, mut steps) = (Arc::new(AtomicBool::new(false)), Vec::new());
    let made = thread::scope(|scope| {
        scope.spawn(|| {
            for id in 301.. {
                fixture.write(note(id)).unwrap();
                if stop.load(Ordering::Acquire) {
                    break;
                }
            }
        });
        let made = backup(&database(&fixture), &target, false, &mut |step| steps.push(step));
        stop.store(true, Ordering::Release);
        made.unwrap()
    });
    assert!(made.contents.rows_of("jobs") >= 300, "{:?}", made.contents);
    assert_eq!(made.contents.rows_of("jobs"), made.contents.event_head.unsigned_abs(), "one snapshot");
    assert_eq!(made.bytes, target.metadata().unwrap().len());
    assert_eq!(steps.last(), Some(&BackupStep::Checking));
    let notes = number(&mut connect(&target), "SELECT count(*) AS value FROM jobs").unwrap();
    assert_eq!(notes.unsigned_abs(), made.contents.rows_of("jobs"));
    let files = fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(files, 1, "the backup is one file");
}

#[cfg(unix)]
#[test]
fn only_the_owner_can_read_a_backup() {
    use std::os::unix::fs::PermissionsExt;
    let fixture = Fixture::new();
    let target = fixture.directory.path().join("backup.db");
    back_up(&fixture, &target, false).unwrap();
    assert_eq!(target.metadata().unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn an_existing_file_is_replaced_only_on_request() {
    let fixture = Fixture::new();
    let target = fixture.directory.path().join("backup.db");
    back_up(&fixture, &target, false).unwrap();
    fixture.write(note(1)).unwrap();
    let refused = back_up(&fixture, &target, false).unwrap_err();
    assert!(matches!(refused, BackupError::Exists(_)), "{refused}");
    assert_eq!(number(&mut connect(&target), "SELECT count(*) AS value FROM jobs"), Ok(0));
    back_up(&fixture, &target, true).unwrap();
    assert_eq!(number(&mut connect(&target), "SELECT count(*) AS value FROM jobs"), Ok(1));
    let folder = fixture.directory.path().join("folder");
    fs::create_dir(&folder).unwrap();
    let refused = back_up(&fixture, &folder, true).unwrap_err();
    assert!(matches!(refused, BackupError::Exists(_)), "{refused}");
}

#[test]
fn the_database_is_never_replaced_by_its_backup() {
    let fixture = Fixture::new();
    for name in ["chat.db", "chat.db-wal", "chat.db-shm", "chat.db-journal"] {
        let target = fixture.directory.path().join(name);
        let refused = back_up(&fixture, &target, true).unwrap_err();
        assert!(matches!(refused, BackupError::Own(_)), "{name}: {refused}");
    }
}

#[test]
fn a_copy_that_fails_its_check_is_not_published() {
    let fixture = Fixture::new();
    fixture.write(note(1)).unwrap();
    fixture.write(note(2)).unwrap();
    let mut hand = connect(&database(&fixture));
    hand.batch_execute(
        "DELETE FROM events WHERE id = 2; INSERT INTO events (id, at, type, audience) \
                        VALUES (4, 0, 'user.deleted', 'all')",
    )
    .unwrap();
    let target = fixture.directory.path().join("backup.db");
    let refused = back_up(&fixture, &target, false).unwrap_err();
    assert!(matches!(refused, BackupError::Unsound(_)), "{refused}");
    assert!(!target.exists());
    assert_eq!(unfinished(fixture.directory.path()), 0);
}

#[test]
fn a_database_of_a_newer_program_is_rejected() {
    let fixture = Fixture::new();
    let newer = "INSERT INTO __diesel_schema_migrations (version) VALUES ('99999999999999')";
    connect(&database(&fixture)).batch_execute(newer).unwrap();
    let refused = back_up(&fixture, &fixture.directory.path().join("backup.db"), false).unwrap_err();
    assert!(matches!(refused, BackupError::Open(OpenError::Newer { .. })), "{refused}");
}

#[test]
fn a_backup_does_not_create_a_missing_database() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("chat.db");
    let refused = backup(&missing, &folder.path().join("backup.db"), false, &mut |_| ()).unwrap_err();
    assert!(matches!(refused, BackupError::Open(OpenError::Missing(_))), "{refused}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn an_error_names_the_missing_folder() {
    let fixture = Fixture::new();
    let refused = back_up(&fixture, Path::new("/nowhere/at/all/backup.db"), false).unwrap_err();
    assert!(matches!(refused, BackupError::Write { .. }), "{refused}");
    assert!(refused.to_string().contains("/nowhere/at/all"), "{refused}");
}

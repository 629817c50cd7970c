//! Backups that are verified long after they were made.

use std::fs;
use std::path::{Path, PathBuf};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use tempfile::TempDir;

use super::support::{Fixture, note};
use crate::sqlite::{OpenError, VerifyError, backup, verify_backup};

/// A backup of a database with a few rows, in a folder whose name has what is special in a URI.
fn backed_up() -> (TempDir, PathBuf) {
    let fixture = Fixture::new();
    for id in 1..=200 {
        fixture.write(note(id)).unwrap();
    }
    let folder = tempfile::Builder::new().prefix("a %23 b?c#d ").tempdir().unwrap();
    let file = folder.path().join("backup.db");
    backup(&fixture.directory.path().join("chat.db"), &file, false, &mut |_| ()).unwrap();
    (folder, file)
}

fn execute(file: &Path, sql: &str) {
    SqliteConnection::establish(file.to_str().unwrap()).unwrap().batch_execute(sql).unwrap();
}

fn refused(file: &Path) -> VerifyError {
    verify_backup(file).unwrap_err()
}

/// Every file in the folder with its content.
fn content(folder: &TempDir) -> Vec<(PathBuf, Vec<u8>)> {
    let entries = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path());
    entries.map(|path| (path.clone(), fs::read(path).unwrap())).collect()
}

#[test]
fn an_intact_backup_is_only_read() {
    let (folder, file) = backed_up();
    let before = content(&folder);
    let verified = verify_backup(&file).unwrap();
    assert_eq!(verified.contents.rows_of("jobs"), 200);
    assert_eq!(verified.bytes, file.metadata().unwrap().len());
    assert_eq!(content(&folder), before);
}

/// The journal mode is kept in the file: this is how a server leaves its own.
#[test]
fn a_copy_of_a_server_that_was_shut_down_is_only_read_too() {
    let (folder, file) = backed_up();
    execute(&file, "PRAGMA journal_mode = WAL");
    let before = content(&folder);
    assert_eq!(before.len(), 1);
    verify_backup(&file).unwrap();
    assert_eq!(content(&folder), before);
}

#[cfg(unix)]
#[test]
fn a_backup_that_nobody_may_write_is_verified() {
    use std::os::unix::fs::PermissionsExt;
    let (folder, file) = backed_up();
    fs::set_permissions(&file, PermissionsExt::from_mode(0o400)).unwrap();
    fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o500)).unwrap();
    let verified = verify_backup(&file);
    fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o700)).unwrap();
    verified.unwrap();
}

#[test]
fn what_is_wrong_is_named() {
    let (_folder, file) = backed_up();
    execute(&file, "UPDATE events SET at = at + 1 WHERE id = 7");
    let VerifyError::Unsound(failures) = refused(&file) else { panic!() };
    assert!(failures[0].contains("event 7"), "{failures:?}");
    execute(&file, "CREATE TRIGGER rise AFTER UPDATE ON jobs BEGIN UPDATE users SET is_admin = 1; END");
    let VerifyError::Unsound(failures) = refused(&file) else { panic!() };
    assert!(failures[0].contains("the trigger rise is not groupchat's"), "{failures:?}");
}

#[test]
fn a_torn_page_and_a_file_that_is_too_short_are_noticed() {
    let (_folder, file) = backed_up();
    let mut content = fs::read(&file).unwrap();
    let middle = content.len() / 4_096 / 2 * 4_096;
    content[middle..middle + 4_096].fill(0);
    fs::write(&file, &content).unwrap();
    assert!(matches!(refused(&file), VerifyError::Unsound(_)));
    fs::write(&file, &content[..content.len() - 4_096]).unwrap();
    assert!(matches!(refused(&file), VerifyError::Unsound(_)));
}

#[test]
fn what_is_no_backup_is_refused() {
    let (folder, file) = backed_up();
    assert!(matches!(refused(&folder.path().join("none.db")), VerifyError::Read { .. }));
    fs::write(folder.path().join("notes.txt"), "not a database ".repeat(1_000)).unwrap();
    let other = refused(&folder.path().join("notes.txt"));
    assert!(matches!(other, VerifyError::Open(OpenError::NotADatabase(_))), "{other}");
    fs::write(folder.path().join("backup.db-wal"), "changes").unwrap();
    assert!(matches!(refused(&file), VerifyError::Live { .. }));
}

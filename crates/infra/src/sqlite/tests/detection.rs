//! Files that SQLite would wrongly treat as a new database.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use groupchat_domain::time::Timestamp;
use tempfile::TempDir;

use super::support::{Published, TestClock, number};
use crate::check::Depth;
use crate::sqlite::error::OpenError;
use crate::sqlite::{DataDirLock, LastUse, SqliteOptions, SqliteStorage, backup, check};

struct DataFolder(TempDir);

impl DataFolder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn file(&self, suffix: &str) -> PathBuf {
        self.0.path().join(format!("chat.db{suffix}"))
    }

    fn put(&self, name: &str, content: &[u8]) {
        fs::write(self.0.path().join(name), content).unwrap();
    }

    fn open(&self) -> Result<SqliteStorage, OpenError> {
        let options = SqliteOptions { alone: true, own_folder: true, ..SqliteOptions::new(self.file("")) };
        SqliteStorage::open(options, Arc::new(TestClock::default()), Arc::new(Published::default()))
    }

    /// All files in the folder with their contents.
    fn content(&self) -> Vec<(String, Vec<u8>)> {
        let entries = fs::read_dir(self.0.path()).unwrap().map(Result::unwrap);
        let read = |entry: fs::DirEntry| {
            let name = entry.file_name().into_string().unwrap();
            (name, fs::read(entry.path()).unwrap_or_default())
        };
        let mut content: Vec<_> = entries.map(read).collect();
        content.sort();
        content
    }

    /// Checks that nothing opens the database, and that trying changes nothing.
    fn assert_refused(&self, words: &str) {
        let before = self.content();
        let refused = self.open().map(drop).unwrap_err();
        assert!(refused.to_string().contains(words), "{refused}");
        assert!(matches!(refused, OpenError::Lost { .. } | OpenError::Damaged { .. }), "{refused:?}");
        let shared = SqliteOptions::new(self.file(""));
        let opened =
            SqliteStorage::open(shared, Arc::new(TestClock::default()), Arc::new(Published::default()));
        opened.map(drop).unwrap_err();
        let checked = check(&self.file(""), Depth::Quick, Timestamp::from_micros(0));
        assert!(checked[0].is_failure() && checked[0].detail.contains(words), "{checked:?}");
        let elsewhere = tempfile::tempdir().unwrap();
        backup(&self.file(""), &elsewhere.path().join("backup.db"), false, &mut |_| ()).unwrap_err();
        assert_eq!(self.content(), before, "not a byte is changed");
    }

    /// Checks that no new database is created, because there was one.
    fn assert_remembered(&self) {
        let before = self.content();
        let refused = self.open().map(drop).unwrap_err();
        assert!(
            matches!(&refused, OpenError::Lost { found, .. } if found.contains("groupchat.lock")),
            "{refused}"
        );
        assert_eq!(self.content(), before);
    }

    /// A database whose newest rows are in its write-ahead log, as a killed server leaves it.
    fn fill_as_if_killed(&self) {
        drop(self.open().unwrap());
        let mut program = SqliteConnection::establish(self.file("").to_str().unwrap()).unwrap();
        let sends = "INSERT INTO jobs (kind, subject_id, run_after, created_at) VALUES ('purge', 1, 0, 0)";
        program.batch_execute(&format!("PRAGMA wal_autocheckpoint = 0; {sends}")).unwrap();
        let left = ["", "-wal"].map(|suffix| (fs::read(self.file(suffix)).unwrap(), suffix));
        drop(program);
        for (content, suffix) in left {
            fs::write(self.file(suffix), content).unwrap();
        }
    }

    fn jobs(&self) -> i64 {
        let mut connection = SqliteConnection::establish(self.file("").to_str().unwrap()).unwrap();
        number(&mut connection, "SELECT count(*) AS value FROM jobs").unwrap()
    }
}

#[test]
fn an_unused_folder_gets_a_database() {
    let place = DataFolder::new();
    for name in [".gitkeep", "groupchat.toml", "groupchat.lock", "stderr.log"] {
        place.put(name, b"");
    }
    // What a first start leaves that is killed, and one whose staged file a power failure has taken.
    for name in ["chat.db.unfinished-1", "chat.db.unfinished-1-journal", "chat.db.unfinished-2-wal"] {
        place.put(name, b"");
    }
    fs::create_dir(place.0.path().join("lost+found")).unwrap();
    drop(place.open().unwrap());
    let names: Vec<_> = place.content().into_iter().map(|(name, _)| name).collect();
    let expected = [".gitkeep", "chat.db", "groupchat.lock", "groupchat.toml", "lost+found", "stderr.log"];
    assert_eq!(names, expected, "and what a killed first start left is swept");
    #[cfg(unix)]
    {
        let mode = std::os::unix::fs::PermissionsExt::mode(&place.file("").metadata().unwrap().permissions());
        assert_eq!(mode & 0o777, 0o600);
    }
}

#[test]
fn a_log_without_its_database_is_kept_and_completes_it_later() {
    let place = DataFolder::new();
    place.fill_as_if_killed();
    let elsewhere = place.0.path().join("moved-away");
    fs::rename(place.file(""), &elsewhere).unwrap();
    place.assert_refused("chat.db-wal (");
    fs::rename(elsewhere, place.file("")).unwrap();
    drop(place.open().unwrap());
    assert_eq!(place.jobs(), 1);
}

#[test]
fn an_empty_or_zeroed_file_is_not_a_new_database() {
    let place = DataFolder::new();
    place.fill_as_if_killed();
    let whole = fs::read(place.file("")).unwrap();
    for (content, words) in [
        (Vec::new(), "it is empty"),
        (vec![0; whole.len()], "it begins with zeros"),
        (whole[..50].to_vec(), "it ends after 50 bytes"),
    ] {
        fs::write(place.file(""), content).unwrap();
        place.assert_refused(words);
    }
    fs::write(place.file(""), whole).unwrap();
    drop(place.open().unwrap());
    assert_eq!(place.jobs(), 1);
}

#[test]
fn a_truncated_file_is_rejected() {
    let place = DataFolder::new();
    drop(place.open().unwrap());
    let whole = fs::read(place.file("")).unwrap();
    for length in [whole.len() - 1, whole.len() - 4096, 4096, 100] {
        fs::write(place.file(""), &whole[..length]).unwrap();
        place.assert_refused(&format!("it has {length} bytes of {}", whole.len()));
    }
}

#[test]
fn any_trace_of_a_lost_database_prevents_a_new_one() {
    for trace in [
        "chat.db-wal",
        "chat.db-shm",
        "chat.db-journal",
        "chat.db.before-migration-00000000000004",
        "chat.db.before-restore-20260101T000000Z",
        "chat.db.old",
        "backup.db",
        "notes.txt",
    ] {
        let place = DataFolder::new();
        place.put(trace, b"something");
        let refused = place.open().map(drop).unwrap_err();
        assert!(
            matches!(&refused, OpenError::Lost { found, .. } if found.contains(trace)),
            "{trace}: {refused}"
        );
        assert_eq!(place.content(), [(trace.to_owned(), b"something".to_vec())]);
    }
}

#[test]
fn a_folder_remembers_that_it_had_a_database() {
    let place = DataFolder::new();
    for noted in [LastUse::Stopped, LastUse::InUse] {
        DataDirLock::acquire(place.0.path()).unwrap().note(noted).unwrap();
        place.assert_remembered();
    }
    fs::remove_file(place.0.path().join("groupchat.lock")).unwrap();
    drop(place.open().unwrap());
}

#[test]
fn a_folder_remembers_a_database_that_a_command_created() {
    let place = DataFolder::new();
    let options = SqliteOptions { own_folder: true, ..SqliteOptions::new(place.file("")) };
    drop(
        SqliteStorage::open(options, Arc::new(TestClock::default()), Arc::new(Published::default())).unwrap(),
    );
    fs::remove_file(place.file("")).unwrap();
    place.assert_remembered();
}

#[cfg(unix)]
#[test]
fn a_dangling_link_prevents_a_new_database() {
    let place = DataFolder::new();
    std::os::unix::fs::symlink("/nowhere/at/all/chat.db", place.file("")).unwrap();
    place.assert_refused("a link that leads nowhere");
}

#[test]
fn the_database_of_another_application_is_rejected() {
    let place = DataFolder::new();
    drop(place.open().unwrap());
    let mut connection = SqliteConnection::establish(place.file("").to_str().unwrap()).unwrap();
    connection.batch_execute("PRAGMA application_id = 4711; PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
    drop(connection);
    let refused = place.open().map(drop).unwrap_err();
    assert!(matches!(refused, OpenError::NotADatabase(_)), "{refused}");
}

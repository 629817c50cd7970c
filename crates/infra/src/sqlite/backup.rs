//! Copies a database into one file while a server uses it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use diesel::prelude::*;
use diesel::sql_types::Text;

use super::error::OpenError;
use super::inspect::{self, number};
use super::log_state;
use super::migrate;
use super::shrink;
use super::staged_file::{SIDE_FILES, StagedFile, folder, with_suffix};
use super::verify::{Backup, Unverified, verify};

/// How often to check the progress of a copy.
const POLL_INTERVAL: Duration = Duration::from_millis(100);

/// The progress of a backup or a restore.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BackupStep {
    /// The database is being copied.
    Copying {
        /// Bytes written so far.
        done: u64,
        /// Their approximate total.
        total: u64,
    },
    /// The copy is being checked.
    Checking,
}

/// Why there is no backup. In this case no file has its name.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// A file with this name exists already.
    #[error("{} already exists", .0.display())]
    Exists(PathBuf),
    /// This is the name of the database or of a file that belongs to it.
    #[error("{} is part of the database itself", .0.display())]
    Own(PathBuf),
    /// The database can't be read.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The copy can't be written.
    #[error("can't write {}", path.display())]
    Write {
        /// The path of the copy.
        path: PathBuf,
        /// The operating system's error.
        source: io::Error,
    },
    /// SQLite could not make the copy.
    #[error("the database can't be copied: {0}")]
    Copy(String),
    /// The copy failed its check.
    #[error("the copy was discarded, because it failed its check: {}", .0.join("; "))]
    Unsound(Vec<String>),
}

/// Copies the database `source` into the new file `target`, from one snapshot: the copy contains everything
/// acknowledged before, and nobody has to wait. It is checked and made durable before it gets its name. An existing
/// file is replaced only if `replace` is set. Blocks, and reports its progress to `report`.
///
/// # Errors
/// [`BackupError`].
pub fn backup(
    source: &Path,
    target: &Path,
    replace: bool,
    report: &mut dyn FnMut(BackupStep),
) -> Result<Backup, BackupError> {
    let mut connection = inspect::open(source)?;
    migrate::schema_version(&mut connection, source)?;
    refuse_taken(source, target, replace)?;
    let unwritable = |error| BackupError::Write { path: target.to_owned(), source: error };
    if let Err(error) = StagedFile::sweep(target) {
        tracing::warn!(%error, "could not remove files of killed backups");
    }
    let staged = StagedFile::of(target).map_err(unwritable)?;
    let head = log_state::read_head(&mut connection).map_err(not_copied)?.get();
    copy(connection, staged.path(), report)?;
    report(BackupStep::Checking);
    let contents = verify(&mut inspect::open(staged.path())?, target).map_err(|failure| match failure {
        Unverified::Open(error) => BackupError::Open(error),
        Unverified::Unsound(failures) => BackupError::Unsound(failures),
    })?;
    if contents.event_head < head {
        let lacking = head - contents.event_head;
        return Err(BackupError::Unsound(vec![format!("the last {lacking} events are not in it")]));
    }
    let bytes = staged.path().metadata().map_err(unwritable)?.len();
    // Checked again, because the copy may have taken long.
    refuse_taken(source, target, replace)?;
    staged.publish().map_err(unwritable)?;
    Ok(Backup { contents, bytes })
}

fn not_copied(error: diesel::result::Error) -> BackupError {
    BackupError::Copy(error.to_string())
}

fn refuse_taken(source: &Path, target: &Path, replace: bool) -> Result<(), BackupError> {
    let real = |path: &Path| {
        fs::canonicalize(folder(path)).map(|folder| folder.join(path.file_name().unwrap_or_default()))
    };
    let unwritable = |error| BackupError::Write { path: target.to_owned(), source: error };
    let (own, wanted) = (real(source).map_err(unwritable)?, real(target).map_err(unwritable)?);
    if wanted == own || SIDE_FILES.iter().any(|suffix| wanted == with_suffix(&own, suffix)) {
        return Err(BackupError::Own(target.to_owned()));
    }
    let taken = fs::symlink_metadata(target).is_ok_and(|found| !replace || !found.is_file());
    if taken { Err(BackupError::Exists(target.to_owned())) } else { Ok(()) }
}

/// Copies into an empty file on its own thread, and watches how the file grows.
fn copy(
    mut connection: SqliteConnection,
    to: &Path,
    report: &mut dyn FnMut(BackupStep),
) -> Result<(), BackupError> {
    let total = size(&mut connection).map_err(not_copied)?;
    shrink::prepare_copy(&mut connection).map_err(not_copied)?;
    let (finished, outcome) = mpsc::channel();
    let name = to.to_string_lossy().into_owned();
    thread::scope(|scope| {
        scope.spawn(move || {
            let vacuum = diesel::sql_query("VACUUM INTO ?").bind::<Text, _>(name);
            // The receiver lives as long as this scope.
            let _ = finished.send(vacuum.execute(&mut connection));
        });
        loop {
            match outcome.recv_timeout(POLL_INTERVAL) {
                Ok(copied) => return copied.map(drop).map_err(not_copied),
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(BackupError::Copy("the thread that copies is gone".to_owned()));
                }
                Err(RecvTimeoutError::Timeout) => {
                    let done = to.metadata().map_or(0, |file| file.len());
                    report(BackupStep::Copying { done: done.min(total), total });
                }
            }
        }
    })
}

/// The approximate size of a copy: the pages in use.
fn size(connection: &mut SqliteConnection) -> QueryResult<u64> {
    let query = "SELECT (page_count - freelist_count) * page_size AS number \
                 FROM pragma_page_count, pragma_freelist_count, pragma_page_size";
    number(connection, query).map(i64::unsigned_abs)
}

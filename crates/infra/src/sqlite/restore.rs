//! Replaces the database with a backup.
//!
//! Invariant: until the one rename at the end, the database is the old one; after it, the new one. No file of the old
//! one is ever mistaken for one of the new.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::Text;
use groupchat_domain::time::Timestamp;

use super::backup::{BackupError, BackupStep, verify};
use super::data_dir_lock::DataDirLock;
use super::detection;
use super::error::OpenError;
use super::ids::{self, Heads};
use super::inspect::{self, Contents};
use super::log_state;
use super::staged_file::{SIDE_FILES, StagedFile, remove_if_exists, sync_folder, with_suffix};

/// Bytes to one read of a copy.
const CHUNK: usize = 1 << 20;

/// The files of a restore.
#[derive(Debug, Clone, Copy)]
pub struct RestorePaths<'a> {
    /// The backup; it is only read.
    pub backup: &'a Path,
    /// The database to replace, which need not exist.
    pub database: &'a Path,
    /// What the replaced database is to be called, in the same folder. No file may have that name.
    pub kept: &'a Path,
}

/// A restore that was carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// What the database holds now.
    pub contents: Contents,
    /// Where the replaced database is, if there was one.
    pub kept: Option<PathBuf>,
}

/// Why nothing was restored. The database is as it was.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// The backup is not a database of groupchat, or a newer one; or the old database is in use.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The file is the database itself.
    #[error("{} is the database itself, not a backup", .0.display())]
    Own(PathBuf),
    /// The file is a database in use, or one whose program was killed: its newest changes are elsewhere.
    #[error("{} is not a backup: its newest changes are in {}", file.display(), log.display())]
    Live {
        /// The file.
        file: PathBuf,
        /// Where the changes are.
        log: PathBuf,
    },
    /// The backup is damaged.
    #[error("the backup failed its check: {}", .0.join("; "))]
    Unsound(Vec<String>),
    /// A file can't be read or written.
    #[error("can't {what} {}", path.display())]
    File {
        /// What was tried.
        what: &'static str,
        /// With which file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

/// Replaces the database with a checked copy of the backup, with a new log epoch and advanced id counters, and keeps
/// the old database under another name. `_lock` shows that no server runs on the folder; `now` is the current time.
/// Blocks, and reports its progress to `report`. A process that is killed during this leaves either the old database or
/// the new one.
///
/// # Errors
/// [`RestoreError`].
pub fn restore(
    _lock: &DataDirLock,
    paths: &RestorePaths<'_>,
    now: Timestamp,
    report: &mut dyn FnMut(BackupStep),
) -> Result<Restored, RestoreError> {
    refuse_live(paths)?;
    detection::detect(paths.backup).map_err(|error| match error {
        OpenError::Damaged { what, .. } => RestoreError::Unsound(vec![what]),
        error => error.into(),
    })?;
    let unwritable = failed("write", paths.database);
    StagedFile::sweep(paths.database).map_err(&unwritable)?;
    let staged = StagedFile::of(paths.database).map_err(&unwritable)?;
    copy(paths.backup, staged.path(), report)?;
    report(BackupStep::Checking);
    let contents = prepare(staged.path(), paths.backup)?;
    // Done first, since it may take long, and nothing may take long once the old database is touched.
    staged.sync().map_err(&unwritable)?;
    let (kept, replaced) = set_aside(paths)?;
    move_ids(staged.path(), &replaced, paths.backup, now)?;
    staged.publish().map_err(unwritable)?;
    Ok(Restored { contents, kept })
}

fn failed(what: &'static str, path: &Path) -> impl Fn(io::Error) -> RestoreError {
    move |source| RestoreError::File { what, path: path.to_owned(), source }
}

fn refuse_live(paths: &RestorePaths<'_>) -> Result<(), RestoreError> {
    let backup = fs::canonicalize(paths.backup).map_err(failed("read", paths.backup))?;
    if fs::canonicalize(paths.database).is_ok_and(|database| database == backup) {
        return Err(RestoreError::Own(paths.backup.to_owned()));
    }
    for suffix in ["-wal", "-journal"] {
        let log = with_suffix(&backup, suffix);
        if log.metadata().is_ok_and(|log| log.len() > 0) {
            return Err(RestoreError::Live { file: paths.backup.to_owned(), log });
        }
    }
    Ok(())
}

fn copy(backup: &Path, to: &Path, report: &mut dyn FnMut(BackupStep)) -> Result<(), RestoreError> {
    let (unreadable, unwritable) = (failed("read", backup), failed("write", to));
    let mut source = File::open(backup).map_err(&unreadable)?;
    let total = source.metadata().map_err(&unreadable)?.len();
    let mut target = File::options().write(true).open(to).map_err(&unwritable)?;
    let (mut chunk, mut done) = (vec![0; CHUNK], 0);
    loop {
        let length = source.read(&mut chunk).map_err(&unreadable)?;
        if length == 0 {
            return Ok(());
        }
        target.write_all(&chunk[..length]).map_err(&unwritable)?;
        done += length as u64;
        report(BackupStep::Copying { done, total });
    }
}

/// Checks the copy and gives it its new epoch. `name` is what it is called in the words of an error.
fn prepare(copy: &Path, name: &Path) -> Result<Contents, RestoreError> {
    let contents = verify(copy, name).map_err(|error| match error {
        BackupError::Open(error) => RestoreError::Open(error),
        BackupError::Unsound(failures) => RestoreError::Unsound(failures),
        other => RestoreError::Unsound(vec![other.to_string()]),
    })?;
    let mut connection = inspect::open(copy)?;
    log_state::renew_epoch(&mut connection, name)?;
    // All of it has to be in the one file that is about to be renamed.
    fold(&mut connection).map_err(|error| OpenError::from_reason(name, &error.to_string()))?;
    Ok(contents)
}

/// Lets the ids of the new database begin where neither the backup nor the database that is `replaced` has given any
/// out, nor a database in between that is lost. Any of them may itself have been restored from this very backup, and
/// have moved them before.
fn move_ids(copy: &Path, replaced: &Heads, name: &Path, now: Timestamp) -> Result<(), RestoreError> {
    let failed = |error: diesel::result::Error| OpenError::from_reason(name, &error.to_string());
    let mut connection = inspect::open(copy)?;
    let advance = |connection: &mut SqliteConnection| ids::advance(connection, replaced, now);
    Ok(connection.immediate_transaction(advance).map_err(failed)?)
}

#[derive(QueryableByName)]
struct FoldMode {
    #[diesel(sql_type = Text)]
    journal_mode: String,
}

/// Moves everything into the database file and removes the files beside it. Nobody else may use it.
fn fold(connection: &mut SqliteConnection) -> QueryResult<()> {
    connection.batch_execute("PRAGMA synchronous = FULL")?;
    let FoldMode { journal_mode } =
        diesel::sql_query("PRAGMA journal_mode = DELETE").get_result(connection)?;
    if journal_mode == "delete" {
        Ok(())
    } else {
        Err(diesel::result::Error::QueryBuilderError("database is locked".into()))
    }
}

/// Gives the old database a second name, and takes away the files beside it, which SQLite would take for those
/// of the new one.
///
/// Also returns how far the ids of the old database have come.
fn set_aside(paths: &RestorePaths<'_>) -> Result<(Option<PathBuf>, Heads), RestoreError> {
    let beside = |path: &Path| SIDE_FILES.map(|suffix| with_suffix(path, suffix));
    // Kept before SQLite is let near them: it removes what it can't use, and somebody may still want to rescue
    // what is in there.
    for (old, kept) in beside(paths.database).iter().zip(&beside(paths.kept)) {
        keep(old, kept)?;
    }
    let folded = fold_old(paths.database);
    if !matches!(folded, Ok(Fold::Impossible)) {
        remove(&beside(paths.kept))?;
    }
    let heads = match folded? {
        Fold::Done(heads) => heads,
        Fold::Impossible => Heads::new(),
    };
    keep(paths.database, paths.kept)?;
    sync_folder(paths.kept).map_err(failed("write", paths.kept))?;
    remove(&beside(paths.database))?;
    Ok((paths.kept.exists().then(|| paths.kept.to_owned()), heads))
}

/// Whether a database could be folded.
enum Fold {
    /// It is one file now, and its ids have come so far.
    Done(Heads),
    /// It is damaged, which may be why it is being replaced, or not there at all.
    Impossible,
}

/// Folds the old database into its one file.
fn fold_old(database: &Path) -> Result<Fold, RestoreError> {
    let failed = |error: diesel::result::Error| OpenError::from_reason(database, &error.to_string());
    let folded = inspect::open(database).and_then(|mut connection| {
        fold(&mut connection).map_err(failed)?;
        ids::heads(&mut connection).map_err(failed)
    });
    match folded {
        Ok(heads) => Ok(Fold::Done(heads)),
        Err(error @ OpenError::Busy(_)) => Err(error.into()),
        Err(OpenError::Missing(_)) => Ok(Fold::Impossible),
        Err(error) => {
            tracing::warn!(%error, "could not merge the write-ahead log of the old database; kept it as it is");
            Ok(Fold::Impossible)
        }
    }
}

/// Removes those of the files that are there.
fn remove(files: &[PathBuf]) -> Result<(), RestoreError> {
    files.iter().try_for_each(|file| remove_if_exists(file).map_err(failed("remove", file)))
}

/// Gives a file, if it is there, a second name; where the file system knows no such thing, a copy gets it.
fn keep(file: &Path, name: &Path) -> Result<(), RestoreError> {
    let keep = || match fs::hard_link(file, name) {
        Err(error) if matches!(error.kind(), ErrorKind::AlreadyExists) => Err(error),
        Err(_) => {
            fs::copy(file, name)?;
            File::open(name)?.sync_all()
        }
        Ok(()) => Ok(()),
    };
    if file.exists() { keep().map_err(failed("write", name)) } else { Ok(()) }
}

//! Replaces the database with a backup.
//!
//! Invariant: until the one rename at the end, the database is the old one; after it, the new one. No file of the old
//! database is ever mistaken for a file of the new one.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::Text;
use groupchat_domain::audit::{AuditAction, AuditEntry};
use groupchat_domain::time::Timestamp;

use super::backup::BackupStep;
use super::data_dir_lock::DataDirLock;
use super::detection;
use super::error::OpenError;
use super::ids::{self, Heads};
use super::inspect::{self, Contents};
use super::log_state;
use super::restore_error::RestoreError;
use super::salvage::{Salvaged, salvage};
use super::staged_file::{SIDE_FILES, StagedFile, remove_if_exists, sync_folder, with_suffix};
use super::verify::{Unverified, unmerged_log, verify};
use crate::accounts::families::forget_tokens;
use crate::accounts::password_resets::forget_resets;
use crate::audit;
use crate::connection::Connection;

/// Bytes that are read at a time when copying.
const CHUNK: usize = 1 << 20;

/// The files of a restore.
#[derive(Debug, Clone, Copy)]
pub struct RestorePaths<'a> {
    /// The backup. It is only read.
    pub backup: &'a Path,
    /// The database to replace. It need not exist.
    pub database: &'a Path,
    /// The new name of the replaced database, in the same folder. No file may have it.
    pub kept: &'a Path,
    /// A damaged database, of which the intact rows newer than the backup are recovered. It may be the one to replace.
    pub damaged: Option<&'a Path>,
}

/// A completed restore.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// The new contents of the database.
    pub contents: Contents,
    /// The path of the replaced database, if there was one.
    pub kept: Option<PathBuf>,
    /// What was recovered from the damaged database, if there was one.
    pub salvaged: Option<Salvaged>,
}

/// Replaces the database with a checked copy of the backup, with a new log epoch and advanced id counters, and keeps
/// the old database under another name. If a damaged database is given, its intact rows are recovered. `_lock` proves
/// that no server uses the folder. `now` is the current time.
/// Blocks, and reports its progress to `report`. If the process is killed, the database is either the old or the new
/// one.
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
    let (contents, salvaged) = prepare(staged.path(), paths, now)?;
    // Done first, because it may take long. After the old database is touched, everything must be quick.
    staged.sync().map_err(&unwritable)?;
    let (kept, replaced) = set_aside(paths)?;
    move_ids(staged.path(), &replaced, paths.backup, now)?;
    staged.publish().map_err(unwritable)?;
    Ok(Restored { contents, kept, salvaged })
}

fn failed(what: &'static str, path: &Path) -> impl Fn(io::Error) -> RestoreError {
    move |source| RestoreError::File { what, path: path.to_owned(), source }
}

fn refuse_live(paths: &RestorePaths<'_>) -> Result<(), RestoreError> {
    let backup = fs::canonicalize(paths.backup).map_err(failed("read", paths.backup))?;
    if fs::canonicalize(paths.database).is_ok_and(|database| database == backup) {
        return Err(RestoreError::Own(paths.backup.to_owned()));
    }
    match unmerged_log(&backup) {
        Some(log) => Err(RestoreError::Live { file: paths.backup.to_owned(), log }),
        None => Ok(()),
    }
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

/// Checks the copy, completes it from the damaged database, gives it a new epoch, forgets refresh tokens and codes that
/// reset passwords, and records the restore.
fn prepare(
    copy: &Path,
    paths: &RestorePaths<'_>,
    now: Timestamp,
) -> Result<(Contents, Option<Salvaged>), RestoreError> {
    let name = paths.backup;
    let mut contents = verified(copy, name)?;
    let mut connection = inspect::open(copy)?;
    let salvaged = paths.damaged.map(|damaged| salvage(&mut connection, name, damaged)).transpose()?;
    if salvaged.is_some() {
        // Whatever was recovered: the result must be as sound as a backup.
        contents = verified(copy, name)?;
    }
    log_state::renew_epoch(&mut connection, name)?;
    let restored = AuditEntry::by_operator(AuditAction::DatabaseRestored);
    connection
        .immediate_transaction(|connection| {
            let connection = &mut Connection::Sqlite(connection);
            forget_tokens(connection)?;
            forget_resets(connection)?;
            audit::append(connection, vec![(now, restored)])
        })
        .map_err(|error| OpenError::from_reason(name, &error.to_string()))?;
    // Everything must be in the one file that is about to be renamed.
    fold(&mut connection).map_err(|error| OpenError::from_reason(name, &error.to_string()))?;
    Ok((contents, salvaged))
}

fn verified(copy: &Path, name: &Path) -> Result<Contents, RestoreError> {
    verify(&mut inspect::open(copy)?, name).map_err(|failure| match failure {
        Unverified::Open(error) => RestoreError::Open(error),
        Unverified::Unsound(failures) => RestoreError::Unsound(failures),
    })
}

/// Advances the ids of the new database beyond those of the backup, of the `replaced` database, and of any lost
/// database in between. Each of them may itself have been restored from this backup, with advanced ids.
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

/// Merges everything into the database file and removes the side files. Nobody else may use the database.
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

/// Gives the old database a second name and removes its side files, which SQLite would take for those of the new
/// database. Also returns the old database's id counters.
fn set_aside(paths: &RestorePaths<'_>) -> Result<(Option<PathBuf>, Heads), RestoreError> {
    let beside = |path: &Path| SIDE_FILES.map(|suffix| with_suffix(path, suffix));
    // Copies are kept before SQLite opens the database: it removes files that it can't use, and somebody may still want
    // to recover their contents.
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
    // A power failure must not bring the old log back beside the new database.
    sync_folder(paths.database).map_err(failed("write", paths.database))?;
    Ok((paths.kept.exists().then(|| paths.kept.to_owned()), heads))
}

/// Whether the write-ahead log of a database could be merged.
enum Fold {
    /// It is one file now, with these id counters.
    Done(Heads),
    /// It is damaged, which may be why it is being replaced, or it doesn't exist.
    Impossible,
}

/// Merges the old database into its one file.
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

/// Removes the files that exist.
fn remove(files: &[PathBuf]) -> Result<(), RestoreError> {
    files.iter().try_for_each(|file| remove_if_exists(file).map_err(failed("remove", file)))
}

/// Gives a file a second name, if it exists. Copies it if the file system doesn't support links: the copy gets its name
/// once it is complete.
fn keep(file: &Path, name: &Path) -> Result<(), RestoreError> {
    let keep = || match fs::hard_link(file, name) {
        Err(error) if matches!(error.kind(), ErrorKind::AlreadyExists) => Err(error),
        Err(_) => {
            let staged = StagedFile::of(name)?;
            fs::copy(file, staged.path())?;
            staged.publish()
        }
        Ok(()) => Ok(()),
    };
    if file.exists() { keep().map_err(failed("write", name)) } else { Ok(()) }
}

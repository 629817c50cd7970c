//! Creates a new database in one step: an incomplete file never has the final name.

use std::io;
use std::path::Path;

use super::data_dir_lock::{DataDirLock, DataDirLockError, LastUse};
use super::detection::{self, Detected};
use super::error::OpenError;
use super::migrate;
use super::options::SqliteOptions;
use super::staged_file::{StagedFile, folder};

/// Creates the database unless it exists.
///
/// # Errors
/// [`OpenError`], also if there are traces of a lost database, or an incomplete file.
pub(super) fn create_if_missing(options: &SqliteOptions) -> Result<(), OpenError> {
    let path = &options.path;
    if detection::detect(path)? == Detected::Database {
        return Ok(());
    }
    if options.alone {
        return create_in(path, options.own_folder);
    }
    let held = hold_folder(path, || OpenError::Busy(path.to_owned()))?;
    // Another process may have created it meanwhile.
    if detection::detect(path)? == Detected::Nothing {
        create_in(path, options.own_folder)?;
        if options.own_folder {
            held.note(LastUse::Stopped).map_err(|error| unwritable(path, &error))?;
        }
    }
    Ok(())
}

fn create_in(path: &Path, own_folder: bool) -> Result<(), OpenError> {
    if own_folder {
        detection::require_unused_folder(path)?;
    }
    create(path)
}

/// Creates the database with all its tables. The caller holds the folder's lock and has found no database.
///
/// # Errors
/// [`OpenError`]. In this case there is no database.
pub(crate) fn create(path: &Path) -> Result<(), OpenError> {
    let failed = |error: io::Error| unwritable(path, &error);
    StagedFile::sweep(path).map_err(failed)?;
    let staged = StagedFile::of(path).map_err(failed)?;
    migrate::migrate(staged.path())?;
    staged.publish().map_err(failed)
}

/// Locks the folder of a database briefly. `taken` is the error if a server holds the lock.
///
/// # Errors
/// The error of `taken`, or [`OpenError::Unwritable`].
pub(super) fn hold_folder(path: &Path, taken: impl FnOnce() -> OpenError) -> Result<DataDirLock, OpenError> {
    DataDirLock::acquire(folder(path)).map_err(|error| match error {
        DataDirLockError::Taken(_) => taken(),
        error => unwritable(path, &error),
    })
}

/// The error that the database can't be written, with the operating system's reason.
pub(super) fn unwritable(path: &Path, error: &dyn std::error::Error) -> OpenError {
    OpenError::Unwritable { path: path.to_owned(), reason: error.to_string() }
}

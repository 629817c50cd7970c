//! Creates a database where there never was one, in one step: an incomplete file never has the final name.

use std::io;
use std::path::Path;

use super::data_dir_lock::{DataDirLock, DataDirLockError, LastUse};
use super::detection::{self, Detected};
use super::error::OpenError;
use super::migrate;
use super::options::SqliteOptions;
use super::staged_file::{StagedFile, folder};

/// Makes the database, unless it is there.
///
/// # Errors
/// [`OpenError`]: also for traces of a database that is gone, and for a file that is not whole.
pub(super) fn create_if_missing(options: &SqliteOptions) -> Result<(), OpenError> {
    let path = &options.path;
    if detection::detect(path)? == Detected::Database {
        return Ok(());
    }
    if options.alone {
        return create_in(path, options.own_folder);
    }
    let held = hold_folder(path, || OpenError::Busy(path.to_owned()))?;
    // Somebody else may have made it meanwhile.
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

/// Makes the database with all its tables. Whoever calls holds the folder, and has found that nothing is there.
///
/// # Errors
/// [`OpenError`]; there is no database then.
pub(crate) fn create(path: &Path) -> Result<(), OpenError> {
    let failed = |error: io::Error| unwritable(path, &error);
    StagedFile::sweep(path).map_err(failed)?;
    let staged = StagedFile::of(path).map_err(failed)?;
    migrate::migrate(staged.path())?;
    staged.publish().map_err(failed)
}

/// Takes the folder of a database for a moment; `taken` is what is said where a server has it.
///
/// # Errors
/// That, or [`OpenError::Unwritable`].
pub(super) fn hold_folder(path: &Path, taken: impl FnOnce() -> OpenError) -> Result<DataDirLock, OpenError> {
    DataDirLock::acquire(folder(path)).map_err(|error| match error {
        DataDirLockError::Taken(_) => taken(),
        error => unwritable(path, &error),
    })
}

/// That the database can't be written, in the words of the system.
pub(super) fn unwritable(path: &Path, error: &dyn std::error::Error) -> OpenError {
    OpenError::Unwritable { path: path.to_owned(), reason: error.to_string() }
}

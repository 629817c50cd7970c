//! Creates a new database in one step: an incomplete file never has the final name.

use std::io;
use std::path::Path;

use super::data_dir_lock::{DataDirLock, LastUse};
use super::detection::{self, Detected};
use super::error::OpenError;
use super::migrate;
use super::options::SqliteOptions;
use super::staged_file::StagedFile;

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
    let held = DataDirLock::of_database(path, || OpenError::Busy(path.to_owned()))?;
    // Another process may have created it meanwhile.
    if detection::detect(path)? == Detected::Nothing {
        create_in(path, options.own_folder)?;
        if options.own_folder {
            held.note(LastUse::Stopped).map_err(|error| OpenError::unwritable(path, &error))?;
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
    let failed = |error: io::Error| OpenError::unwritable(path, &error);
    StagedFile::sweep(path).map_err(failed)?;
    let staged = StagedFile::of(path).map_err(failed)?;
    migrate::migrate(staged.path())?;
    staged.publish().map_err(failed)
}

//! Allows one server per data directory, and records in the directory how its database was last used.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::error::OpenError;
use super::staged_file::{folder, with_suffix};

/// The lock file of the directory.
pub(super) const FILE_NAME: &str = "groupchat.lock";

/// Holds the data directory for one server until it is dropped or the process ends in any way. Other commands of the
/// program don't take it.
#[derive(Debug)]
pub struct DataDirLock {
    file: File,
    directory: PathBuf,
}

/// How the database in a directory was last used, according to the lock file. The file outlives the database, so that a
/// lost database isn't taken for one that never existed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LastUse {
    /// No database was used here, or only by a version that didn't record it.
    Unknown,
    /// The last server was shut down cleanly.
    Stopped,
    /// A server uses the database, or was killed while it did.
    InUse,
}

impl LastUse {
    /// All texts have the same length: they are written in place, and the file must never be empty in between.
    const fn words(self) -> &'static str {
        match self {
            Self::Unknown => "",
            Self::Stopped => "a database: stopped\n",
            Self::InUse => "a database: in use \n",
        }
    }

    /// Reads the lock file of a directory. `Unknown` if it can't be read.
    pub(super) fn of(directory: &Path) -> Self {
        let words = fs::read(directory.join(FILE_NAME)).unwrap_or_default();
        match words.as_slice() {
            [] => Self::Unknown,
            words if words == Self::Stopped.words().as_bytes() => Self::Stopped,
            // Any other content means that the directory was used and not left cleanly.
            _ => Self::InUse,
        }
    }
}

/// Why the data directory could not be locked.
#[derive(Debug, thiserror::Error)]
pub enum DataDirLockError {
    /// Another server holds it.
    #[error("another groupchat server already uses the data directory {}", .0.display())]
    Taken(PathBuf),
    /// The lock file can't be written.
    #[error("can't write to the data directory {}", directory.display())]
    Unwritable {
        /// The directory.
        directory: PathBuf,
        /// The operating system's error.
        source: io::Error,
    },
}

impl DataDirLock {
    /// Locks the directory, which must exist.
    ///
    /// # Errors
    /// [`DataDirLockError`]. Doesn't wait for the lock.
    pub fn acquire(directory: &Path) -> Result<Self, DataDirLockError> {
        let unwritable = |source| DataDirLockError::Unwritable { directory: directory.to_owned(), source };
        // The file is never removed: otherwise two servers could lock two files with the same name.
        let file = open_private(&directory.join(FILE_NAME)).map_err(unwritable)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { file, directory: directory.to_owned() }),
            Err(TryLockError::WouldBlock) => Err(DataDirLockError::Taken(directory.to_owned())),
            Err(TryLockError::Error(source)) => Err(unwritable(source)),
        }
    }

    /// Locks the folder of a database. `taken` is the error if a server holds the lock.
    ///
    /// # Errors
    /// The error of `taken`, or [`OpenError::Unwritable`].
    pub(super) fn of_database(path: &Path, taken: impl FnOnce() -> OpenError) -> Result<Self, OpenError> {
        Self::acquire(folder(path)).map_err(|error| match error {
            DataDirLockError::Taken(_) => taken(),
            error => OpenError::unwritable(path, &error),
        })
    }

    /// What was recorded last.
    pub fn last_use(&self) -> LastUse {
        LastUse::of(&self.directory)
    }

    /// Whether the last server on this database in the directory was not shut down cleanly.
    pub fn was_not_stopped(&self, database: &Path) -> bool {
        let log = with_suffix(database, "-wal");
        self.last_use() == LastUse::InUse || log.metadata().is_ok_and(|log| log.len() > 0)
    }

    /// Records it durably.
    ///
    /// # Errors
    /// [`DataDirLockError::Unwritable`].
    pub fn note(&self, last_use: LastUse) -> Result<(), DataDirLockError> {
        if self.last_use() == last_use {
            return Ok(());
        }
        let words = last_use.words();
        let write = || {
            let mut file = &self.file;
            file.seek(SeekFrom::Start(0))?;
            file.write_all(words.as_bytes())?;
            file.set_len(words.len() as u64)?;
            file.sync_all()
        };
        write().map_err(|source| DataDirLockError::Unwritable { directory: self.directory.clone(), source })
    }
}

/// Opens or creates the file for its owner only, because anybody who can open it could lock the server out.
fn open_private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.create(true).truncate(false).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // Earlier versions made it readable for everybody.
        if file.metadata()?.permissions().mode() & 0o077 != 0 {
            file.set_permissions(PermissionsExt::from_mode(0o600))?;
        }
    }
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_is_locked_until_the_lock_is_dropped() {
        let directory = tempfile::tempdir().unwrap();
        let held = DataDirLock::acquire(directory.path()).unwrap();
        let refused = DataDirLock::acquire(directory.path()).unwrap_err();
        assert!(matches!(refused, DataDirLockError::Taken(_)), "{refused}");
        drop(held);
        DataDirLock::acquire(directory.path()).unwrap();
    }

    #[test]
    fn an_error_names_the_missing_directory() {
        let missing = Path::new("/nowhere/at/all");
        let refused = DataDirLock::acquire(missing).unwrap_err();
        assert!(refused.to_string().contains("/nowhere/at/all"), "{refused}");
    }

    #[test]
    fn the_recorded_use_outlives_the_lock() {
        let directory = tempfile::tempdir().unwrap();
        for noted in [LastUse::Unknown, LastUse::InUse, LastUse::Stopped, LastUse::InUse] {
            DataDirLock::acquire(directory.path()).unwrap().note(noted).unwrap();
            assert_eq!(DataDirLock::acquire(directory.path()).unwrap().last_use(), noted);
        }
        fs::write(directory.path().join(FILE_NAME), "half a wo").unwrap();
        assert_eq!(LastUse::of(directory.path()), LastUse::InUse, "to be on the safe side");
    }

    #[cfg(unix)]
    #[test]
    fn the_lock_file_is_private_even_if_it_was_not_before() {
        use std::os::unix::fs::PermissionsExt;
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join(FILE_NAME);
        let mode = || file.metadata().unwrap().permissions().mode() & 0o777;
        drop(DataDirLock::acquire(directory.path()).unwrap());
        assert_eq!(mode(), 0o600);
        fs::set_permissions(&file, PermissionsExt::from_mode(0o644)).unwrap();
        drop(DataDirLock::acquire(directory.path()).unwrap());
        assert_eq!(mode(), 0o600);
    }
}

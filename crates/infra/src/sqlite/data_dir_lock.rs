//! One server to a data directory.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

/// The file whose lock stands for the directory.
const FILE_NAME: &str = "groupchat.lock";

/// Holds the data directory for one server until it is dropped or the process ends, however it ends. Other
/// commands of the program don't take it.
#[derive(Debug)]
pub struct DataDirLock {
    _file: File,
}

/// Why the data directory could not be taken.
#[derive(Debug, thiserror::Error)]
pub enum DataDirLockError {
    /// Another server holds it.
    #[error("another groupchat server already uses the data directory {}", .0.display())]
    Taken(PathBuf),
    /// The lock file can't be written.
    #[error("can't write to the data directory {}: {source}", directory.display())]
    Unwritable {
        /// The directory.
        directory: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

impl DataDirLock {
    /// Takes the directory, which must exist.
    ///
    /// # Errors
    /// [`DataDirLockError`]; at once, it does not wait.
    pub fn acquire(directory: &Path) -> Result<Self, DataDirLockError> {
        let unwritable = |source| DataDirLockError::Unwritable { directory: directory.to_owned(), source };
        // The file stays when the lock goes: removing it would let two servers lock two files of one name.
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(directory.join(FILE_NAME))
            .map_err(unwritable)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(DataDirLockError::Taken(directory.to_owned())),
            Err(TryLockError::Error(source)) => Err(unwritable(source)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_is_held_by_one_until_it_lets_go() {
        let directory = tempfile::tempdir().unwrap();
        let held = DataDirLock::acquire(directory.path()).unwrap();
        let refused = DataDirLock::acquire(directory.path()).unwrap_err();
        assert!(matches!(refused, DataDirLockError::Taken(_)), "{refused}");
        drop(held);
        DataDirLock::acquire(directory.path()).unwrap();
    }

    #[test]
    fn a_missing_directory_is_an_error_that_names_it() {
        let missing = Path::new("/nowhere/at/all");
        let refused = DataDirLock::acquire(missing).unwrap_err();
        assert!(refused.to_string().contains("/nowhere/at/all"), "{refused}");
    }
}

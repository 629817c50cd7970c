//! Files that only their owner may read: databases hold password hashes.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;

/// Opens a file for writing, or creates it for its owner alone. SQLite gives the files that it puts beside a
/// database the permissions of the database.
///
/// # Errors
/// What the system says.
pub(crate) fn open_or_create(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

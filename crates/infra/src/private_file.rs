//! Files beside the database that only their owner may read.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use crate::sqlite::staged_file::StagedFile;

/// Replaces a file in one step, or makes it: it appears whole or not at all, for its owner only. An owner that it had before
/// stays.
///
/// # Errors
/// The operating system's error.
pub fn replace_private_file(path: &Path, contents: &[u8]) -> io::Result<()> {
    StagedFile::sweep(path)?;
    let staged = StagedFile::of(path)?;
    fs::OpenOptions::new().write(true).open(staged.path())?.write_all(contents)?;
    keep_owner(path, staged.path())?;
    staged.publish()
}

/// Gives a new file the owner of the one that it replaces: the command may be run by root, and the server by somebody else.
#[cfg(unix)]
fn keep_owner(old: &Path, new: &Path) -> io::Result<()> {
    use std::os::unix::fs::MetadataExt;
    let (Ok(old), found) = (fs::metadata(old), fs::metadata(new)?) else { return Ok(()) };
    if (old.uid(), old.gid()) == (found.uid(), found.gid()) {
        return Ok(());
    }
    std::os::unix::fs::chown(new, Some(old.uid()), Some(old.gid()))
}

#[cfg(not(unix))]
fn keep_owner(_: &Path, _: &Path) -> io::Result<()> {
    Ok(())
}

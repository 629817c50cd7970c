//! Whether a little disk space is left, so that operators learn of a full disk before users do.

use std::path::Path;

use super::staged_file::{folder, with_suffix};

/// Bytes on the disk that are next to none: a moment's writes, with the copies of pages that a checkpoint moves.
const ON_DISK: u64 = 4 << 20;

/// Bytes by which a file has to be able to grow, where the system limits the size of files: the longest message, with
/// the pages of indexes that it touches.
#[cfg(unix)]
const IN_FILE: u64 = 128 << 10;

/// Whether a database has room to grow. What the system doesn't tell counts as room: a write then tells.
pub(super) fn is_left(database: &Path) -> bool {
    let on_disk = fs4::available_space(folder(database)).is_ok_and(|free| free < ON_DISK);
    !on_disk && !is_at_limit(database)
}

#[cfg(unix)]
fn is_at_limit(database: &Path) -> bool {
    use rustix::process::{Resource, getrlimit};
    let Some(limit) = getrlimit(Resource::Fsize).current else { return false };
    let files = [database.to_owned(), with_suffix(database, "-wal")];
    files.iter().any(|file| file.metadata().is_ok_and(|file| file.len() + IN_FILE > limit))
}

#[cfg(not(unix))]
fn is_at_limit(_database: &Path) -> bool {
    false
}

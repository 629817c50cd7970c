//! Checks whether some disk space is left, so that operators learn of a full disk before users do.

use std::path::Path;

use super::staged_file::{folder, with_suffix};

/// Free bytes below which the disk counts as full: enough for the writes of a moment, with the pages that a checkpoint
/// copies.
const ON_DISK: u64 = 4 << 20;

/// Bytes by which a file must be able to grow if the system limits file sizes: the longest message, with the index
/// pages that it changes.
#[cfg(unix)]
const IN_FILE: u64 = 128 << 10;

/// Whether a database has room to grow. Unknown counts as yes: a write will then tell.
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

//! What happens to the files of a volume.

use std::sync::Arc;

/// A file, whatever its name: what is called an inode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(pub(crate) usize);

/// One recorded operation. Names are relative to the volume.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Op {
    /// A file gets a name, when it is created or linked.
    Name {
        /// Its name.
        name: String,
        /// The file.
        file: FileId,
    },
    /// A file's name changes. A file that had the new name loses it.
    Rename {
        /// The former name.
        from: String,
        /// The new name.
        to: String,
    },
    /// A name is removed.
    Unlink {
        /// The name.
        name: String,
    },
    /// Bytes are written.
    Write {
        /// The file.
        file: FileId,
        /// Where.
        offset: u64,
        /// What.
        bytes: Arc<[u8]>,
    },
    /// The length of a file is set.
    Truncate {
        /// The file.
        file: FileId,
        /// The new length in bytes.
        length: u64,
    },
    /// What was written to a file is on the disk.
    Sync {
        /// The file.
        file: FileId,
    },
    /// A sync failed: what was written may or may not be on the disk, and later syncs don't write it again. This is how
    /// Linux behaves, because it marks pages clean that it could not write
    /// (<https://wiki.postgresql.org/wiki/Fsync_Errors>).
    SyncFailed {
        /// The file.
        file: FileId,
    },
    /// A sync was omitted because the test wanted that.
    SyncOmitted,
    /// The names in a folder are on the disk.
    SyncFolder {
        /// The folder; empty for the volume itself.
        folder: String,
    },
    /// Something that the test remembers by this number.
    Mark(usize),
}

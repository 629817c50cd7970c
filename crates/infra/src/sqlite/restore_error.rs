//! Why a restore has failed.

use std::io;
use std::path::PathBuf;

use super::error::OpenError;

/// Why nothing was restored. The database is unchanged, unless only the last step failed, the sync of its folder: then
/// it is restored, but a power failure could undo that.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// The backup is not a groupchat database or is a newer one, or the old database is in use.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The file is the database itself.
    #[error("{} is the database itself, not a backup", .0.display())]
    Own(PathBuf),
    /// The file is a database in use, or its program was killed: its newest changes are in another file.
    #[error("{} is not a backup: its newest changes are in {}", file.display(), log.display())]
    Live {
        /// The file.
        file: PathBuf,
        /// The file with the changes.
        log: PathBuf,
    },
    /// The backup is damaged.
    #[error("the backup failed its check: {}", .0.join("; "))]
    Unsound(Vec<String>),
    /// Nothing can be recovered from the damaged database.
    #[error("can't recover the intact rows of {}: {reason}", damaged.display())]
    Salvage {
        /// The damaged database.
        damaged: PathBuf,
        /// Why not.
        reason: String,
    },
    /// A file can't be read or written.
    #[error("can't {what} {}", path.display())]
    File {
        /// What was attempted.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// The operating system's error.
        source: io::Error,
    },
}

//! Why the database could not be opened, in words for people.

use std::io;
use std::path::{Path, PathBuf};

/// Why the database could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The file or its folder can't be written.
    #[error("can't write the database {}: {reason}; check that its folder exists and is writable", path.display())]
    Unwritable {
        /// The database file.
        path: PathBuf,
        /// The error of the operating system or of SQLite.
        reason: String,
    },
    /// The path is not Unicode, which SQLite needs.
    #[error("the path of the database, {}, is not Unicode", .0.display())]
    NotUnicode(PathBuf),
    /// The file is missing, but its folder doesn't look like that of a first start.
    #[error(
        "the database {} is missing, but this is not a first start: its folder contains {found}. Nothing was changed. \
         If its disk is not mounted, mount it. If the database is elsewhere, put it back. Or restore a backup with \
         `groupchat restore FILE`. To start over on purpose, move the contents to another folder, or name an empty \
         folder with --data-dir",
        path.display()
    )]
    Lost {
        /// The database file.
        path: PathBuf,
        /// What is in the folder.
        found: String,
    },
    /// The file is incomplete or damaged.
    #[error(
        "the database {} is damaged: {what}. Nothing was changed. Restore a backup with `groupchat restore FILE`, \
         which keeps the damaged files; with `--salvage DATABASE` it also recovers their intact rows. SQLite's `.recover` may be able to recover their contents; run it on copies of \
         all of them",
        path.display()
    )]
    Damaged {
        /// The database file.
        path: PathBuf,
        /// What is wrong.
        what: String,
    },
    /// There is no such file.
    #[error("the database {} doesn't exist", .0.display())]
    Missing(PathBuf),
    /// The file is not a groupchat database.
    #[error("{} is not a groupchat database", .0.display())]
    NotADatabase(PathBuf),
    /// The file was written by a later version of the program.
    #[error(
        "the database {} was written by a newer groupchat (schema {found}; this program knows schemas up to {known}); \
         use that version or a newer one",
        path.display()
    )]
    Newer {
        /// The database file.
        path: PathBuf,
        /// The newest schema in the file.
        found: String,
        /// The newest schema of this program.
        known: String,
    },
    /// The file is an incomplete copy of another database.
    #[error(
        "the database {} is an unfinished copy; run `groupchat migrate-database` again, or remove the file",
        .0.display()
    )]
    Unfinished(PathBuf),
    /// The schema differs from what our migrations create.
    #[error(
        "the schema of the database {} is not groupchat's: {differences}. Nothing was changed. If you have made the \
         changes yourself, undo them with SQLite's shell. If you have not, somebody may have tampered with the file: \
         restore a backup that you trust with `groupchat restore FILE`",
        path.display()
    )]
    Schema {
        /// The database file.
        path: PathBuf,
        /// What differs.
        differences: String,
    },
    /// Another program holds the file.
    #[error("another program is using the database {} and did not release it in time", .0.display())]
    Busy(PathBuf),
    /// The file was written by an earlier version of the program, and a server uses it.
    #[error("the database {} must be migrated; restart the server with this version", .0.display())]
    NeedsMigration(PathBuf),
    /// The migration failed. The file is unchanged.
    #[error("the database {} could not be migrated to this version and was not changed: {reason}", path.display())]
    Migration {
        /// The database file.
        path: PathBuf,
        /// What went wrong.
        reason: String,
    },
    /// SQLite failed in another way.
    #[error("can't open the database {}: {reason}", path.display())]
    Database {
        /// The database file.
        path: PathBuf,
        /// SQLite's error.
        reason: String,
    },
    /// The operating system returned no random numbers.
    #[error("the system provides no random numbers: {0}")]
    NoRandomness(String),
    /// The operating system couldn't start a thread.
    #[error("can't start a thread: {0}")]
    Thread(#[source] io::Error),
}

impl OpenError {
    /// The error that the database can't be written, with the operating system's reason.
    pub(super) fn unwritable(path: &Path, error: &dyn std::error::Error) -> Self {
        Self::Unwritable { path: path.to_owned(), reason: error.to_string() }
    }

    /// Classifies an SQLite error by its message, which is fixed (`sqlite3ErrStr`).
    pub(crate) fn from_reason(path: &Path, reason: &str) -> Self {
        let path = path.to_owned();
        let says = |words: &str| reason.contains(words);
        if says("file is not a database") {
            Self::NotADatabase(path)
        } else if says("database disk image is malformed") {
            Self::Damaged { path, what: "SQLite reports that it is malformed".to_owned() }
        } else if says("database is locked") {
            Self::Busy(path)
        } else if says("unable to open") || says("readonly database") || says("disk is full") {
            Self::Unwritable { path, reason: reason.to_owned() }
        } else {
            Self::Database { path, reason: reason.to_owned() }
        }
    }
}

//! Why a database was not copied.

use super::endpoint::Side;
use crate::sqlite::{self, DataDirLockError};

/// Why a database was not copied. The source is unchanged.
#[derive(Debug, thiserror::Error)]
pub enum TransferError {
    /// This build supports only SQLite.
    #[error(
        "{0} is on a PostgreSQL server, but this groupchat was built without PostgreSQL support; build it with the \
         feature `postgres`"
    )]
    NoPostgres(Side),
    /// The source and the target are the same database.
    #[error("the source and the target are the same database")]
    Same,
    /// A server uses the database.
    #[error("a groupchat server or another copy is using {0}; stop it first")]
    InUse(Side),
    /// The folder of an SQLite file can't be locked.
    #[error(transparent)]
    Lock(#[from] DataDirLockError),
    /// The source has an older schema.
    #[error(
        "the source has the schema of an older groupchat ({0}); start this version of the server on it once, \
         stop it, and try again"
    )]
    Outdated(String),
    /// The source is an unfinished copy itself.
    #[error("the source is itself an unfinished copy")]
    Unfinished,
    /// The target contains something.
    #[error("the target is not empty: it contains {0}; name a database without tables")]
    NotEmpty(String),
    /// An SQLite file can't be used.
    #[error(transparent)]
    Sqlite(#[from] sqlite::OpenError),
    /// A PostgreSQL database can't be used.
    #[cfg(feature = "postgres")]
    #[error(transparent)]
    Postgres(#[from] crate::postgres::OpenError),
    /// A statement failed.
    #[error("can't {what} {side}")]
    Statement {
        /// What was attempted.
        what: String,
        /// On which side.
        side: Side,
        /// The database's error.
        source: diesel::result::Error,
    },
    /// The rows that were read back differ from those of the source.
    #[error(
        "the copy differs from the source in {}; the target stays marked as unfinished, and no server opens it",
        .0.join(", ")
    )]
    Different(Vec<&'static str>),
    /// The operating system returned no random numbers.
    #[error("the system provides no random numbers: {0}")]
    NoRandomness(String),
}

impl TransferError {
    /// Describes what a statement was for, in case it fails.
    pub(super) fn at<'a>(side: Side, what: &'a str) -> impl Fn(diesel::result::Error) -> Self + use<'a> {
        move |source| Self::Statement { what: what.to_owned(), side, source }
    }
}

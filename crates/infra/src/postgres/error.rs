//! Why the database could not be opened, in words for people.

use std::io;

/// Why the database could not be opened. The server is named by its host, port and database, never by a password.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The server could not be reached, or rejected the connection, until the timeout.
    #[error("can't connect to the database {database}: {reason}")]
    Unreachable {
        /// The server's address.
        database: String,
        /// The error of libpq or the server.
        reason: String,
    },
    /// The database stores text in another encoding.
    #[error("the database {database} stores text as {found}; create it with ENCODING 'UTF8'")]
    Encoding {
        /// The database.
        database: String,
        /// Its encoding.
        found: String,
    },
    /// The database was written by a later version of the program.
    #[error(
        "the database {database} was written by a newer groupchat (schema {found}; this program knows schemas up to \
         {known}); use that version or a newer one"
    )]
    Newer {
        /// The database.
        database: String,
        /// The newest schema in it.
        found: String,
        /// The newest schema of this program.
        known: String,
    },
    /// The database contains nothing of groupchat.
    #[error("the database {0} is not a groupchat database")]
    NotADatabase(String),
    /// The database was written by an earlier version of the program, and the opener isn't a server.
    #[error("the database {0} must be migrated; start the server with this version")]
    NeedsMigration(String),
    /// The migration failed. The database is unchanged.
    #[error("the database {database} could not be migrated to this version and was not changed: {reason}")]
    Migration {
        /// The database.
        database: String,
        /// What went wrong.
        reason: String,
    },
    /// The database is an incomplete copy of another one.
    #[error(
        "the database {0} is an unfinished copy; run `groupchat migrate-database` again, or drop the database"
    )]
    Unfinished(String),
    /// The schema differs from what our migrations create.
    #[error(
        "the schema of the database {database} is not groupchat's: {differences}. Nothing was changed. If you have \
         made the changes yourself, undo them. If you have not, somebody may have tampered with the database: restore a \
         backup that you trust"
    )]
    Schema {
        /// The database.
        database: String,
        /// What differs.
        differences: String,
    },
    /// A server uses the database.
    #[error("a groupchat server uses the database {0}; stop it first")]
    InUse(String),
    /// The database returned another error.
    #[error("can't use the database {database}: {reason}")]
    Database {
        /// The database.
        database: String,
        /// The server's error.
        reason: String,
    },
    /// The operating system returned no random numbers.
    #[error("the system provides no random numbers: {0}")]
    NoRandomness(String),
    /// The operating system couldn't start a thread.
    #[error("can't start a thread: {0}")]
    Thread(#[source] io::Error),
}

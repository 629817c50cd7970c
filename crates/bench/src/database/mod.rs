//! Opening a database beside the server.

mod embedded;
mod engine;
mod opened;
#[cfg(feature = "postgres")]
mod postgres;

use std::path::Path;

pub(crate) use engine::Engine;
#[cfg(test)]
pub(crate) use engine::PostgresServer;
pub(crate) use opened::Database;

use crate::error::BenchError;
use crate::location::DatabaseLocation;

impl Database {
    /// Opens a database. A data directory is made if it is missing; a PostgreSQL database has to be there.
    ///
    /// # Errors
    /// It can't be opened, for example since a server runs on the data directory, or the PostgreSQL database is
    /// somebody's: then it is as it was.
    pub(crate) fn open(location: &DatabaseLocation) -> Result<Self, BenchError> {
        match location {
            DatabaseLocation::Directory(path) => embedded::open(path),
            DatabaseLocation::Server(url) if !url.is_url() => Err(BenchError::NotAUrl),
            #[cfg(feature = "postgres")]
            DatabaseLocation::Server(url) => postgres::open(url),
            #[cfg(not(feature = "postgres"))]
            DatabaseLocation::Server(_) => Err(BenchError::WithoutPostgres),
        }
    }

    /// Whether a data directory has a database.
    pub(crate) fn exists(data_dir: &Path) -> bool {
        data_dir.join(embedded::FILE_NAME).exists()
    }
}

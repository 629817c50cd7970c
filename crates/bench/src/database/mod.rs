//! Opening a database beside the server.

mod embedded;
mod engine;
#[cfg(feature = "postgres")]
mod postgres;

use std::path::Path;
use std::time::Duration;

use groupchat_domain::events::LoggedEvent;
use groupchat_domain::storage::{EventSink, Storage};
use groupchat_infra::DatabaseStorage;
use groupchat_infra::sqlite::DataDirLock;

pub use engine::Engine;
#[cfg(test)]
pub use engine::PostgresServer;

use crate::error::BenchError;
use crate::footprint::ProcessFamily;
use crate::place::Place;

/// How long it may take to write what is not yet at its place.
const CLOSE_WITHIN: Duration = Duration::from_secs(60);

/// A database in use, to be closed before a server is started on it.
pub struct Database {
    storage: Box<dyn DatabaseStorage>,
    engine: Engine,
    family: Option<ProcessFamily>,
    /// Of a data directory.
    _lock: Option<DataDirLock>,
}

impl Database {
    /// Opens a database. A data directory is made if it is missing; a PostgreSQL database has to be there.
    ///
    /// # Errors
    /// It can't be opened, for example since a server runs on the data directory, or the PostgreSQL database is
    /// somebody's: then it is as it was.
    pub fn open(place: &Place) -> Result<Self, BenchError> {
        match place {
            Place::Directory(path) => embedded::open(path),
            Place::Server(url) if !url.is_url() => Err(BenchError::NotAUrl),
            #[cfg(feature = "postgres")]
            Place::Server(url) => postgres::open(url),
            #[cfg(not(feature = "postgres"))]
            Place::Server(_) => Err(BenchError::WithoutPostgres),
        }
    }

    /// Whether a data directory has a database.
    pub fn exists(data_dir: &Path) -> bool {
        data_dir.join(embedded::FILE_NAME).exists()
    }

    /// The storage, to run use-cases on.
    pub fn storage(&self) -> &dyn Storage {
        self.storage.as_ref()
    }

    /// Which database it is.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// The processes of the database, where it has some of its own and they are on this machine.
    pub fn family(&self) -> Option<ProcessFamily> {
        self.family
    }

    /// Finishes what was written and lets go of the database.
    pub fn close(self) {
        self.storage.shutdown(CLOSE_WITHIN);
    }
}

/// Nobody listens to the events of a database that no server runs on.
struct Nobody;

impl EventSink for Nobody {
    fn committed(&self, _events: &[LoggedEvent]) {}
}

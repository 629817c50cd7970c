//! Opening the database of a data directory beside the server.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use groupchat_domain::events::LoggedEvent;
use groupchat_domain::storage::{EventSink, Storage};
use groupchat_infra::DatabaseStorage;
use groupchat_infra::clock::SystemClock;
use groupchat_infra::sqlite::{DataDirLock, SqliteOptions, SqliteStorage};

use crate::error::BenchError;

/// The database's file, as the server names it.
const FILE_NAME: &str = "groupchat.db";
/// How long the last checkpoint may take.
const CLOSE_WITHIN: Duration = Duration::from_secs(60);

/// A data directory in use. No server can run on it until it is closed.
pub struct Database {
    storage: SqliteStorage,
    _lock: DataDirLock,
}

impl Database {
    /// Opens the database of a data directory; both are made if they are missing.
    ///
    /// # Errors
    /// They can't be, for example since a server runs on them.
    pub fn open(data_dir: &Path) -> Result<Self, BenchError> {
        std::fs::create_dir_all(data_dir)
            .map_err(|source| BenchError::io(format!("creating {}", data_dir.display()), source))?;
        let lock = DataDirLock::acquire(data_dir).map_err(|error| BenchError::Open(error.to_string()))?;
        let options = SqliteOptions { alone: true, ..SqliteOptions::new(data_dir.join(FILE_NAME)) };
        let storage = SqliteStorage::open(options, Arc::new(SystemClock), Arc::new(Nobody))
            .map_err(|error| BenchError::Open(error.to_string()))?;
        Ok(Self { storage, _lock: lock })
    }

    /// Whether a data directory has a database.
    pub fn exists(data_dir: &Path) -> bool {
        data_dir.join(FILE_NAME).exists()
    }

    /// The storage, to run use-cases on.
    pub fn storage(&self) -> &dyn Storage {
        &self.storage
    }

    /// Moves all that was written into the database's file and lets go of it.
    pub fn close(self) {
        self.storage.shutdown(CLOSE_WITHIN);
    }
}

/// Nobody listens to the events of a database that no server runs on.
struct Nobody;

impl EventSink for Nobody {
    fn committed(&self, _events: &[LoggedEvent]) {}
}

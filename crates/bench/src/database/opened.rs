//! A database in use.

use std::thread;
use std::time::Duration;

use groupchat_domain::events::LoggedEvent;
use groupchat_domain::storage::{EventSink, Storage, StorageFault};
use groupchat_infra::DatabaseStorage;
use groupchat_infra::sqlite::DataDirLock;

use super::engine::Engine;
use crate::error::BenchError;
use crate::footprint::ProcessFamily;

/// How long it may take to write what is not yet at its place.
const CLOSE_WITHIN: Duration = Duration::from_secs(60);

/// A database in use, to be closed before a server is started on it.
pub(crate) struct Database {
    pub(super) storage: Box<dyn DatabaseStorage>,
    pub(super) engine: Engine,
    pub(super) family: Option<ProcessFamily>,
    /// Of a data directory.
    pub(super) _lock: Option<DataDirLock>,
}

impl Database {
    /// The storage, to run use cases on.
    pub(crate) fn storage(&self) -> &dyn Storage {
        self.storage.as_ref()
    }

    /// Which database it is.
    pub(crate) fn engine(&self) -> &Engine {
        &self.engine
    }

    /// The processes of the database, where it has some of its own and they are on this machine.
    pub(crate) fn family(&self) -> Option<ProcessFamily> {
        self.family
    }

    /// Gives room that became free back to the disk.
    ///
    /// # Errors
    /// The storage failed.
    pub(crate) fn give_room_back(&self) -> Result<(), BenchError> {
        // It blocks, which a thread of the runtime must not.
        let given = thread::scope(|scope| scope.spawn(|| self.storage.give_room_back()).join());
        let given = given.unwrap_or(Err(StorageFault::Panicked));
        Ok(given.map_err(groupchat_domain::Error::from)?)
    }

    /// Finishes what was written and lets go of the database.
    pub(crate) fn close(self) {
        self.storage.shutdown(CLOSE_WITHIN);
    }
}

/// Nobody listens to the events of a database that no server runs on.
pub(super) struct Nobody;

impl EventSink for Nobody {
    fn publish(&self, _events: &[LoggedEvent]) {}
}

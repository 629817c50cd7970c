//! What the tests of the repositories share: a database of their own, and things to put into it.
#![allow(dead_code, reason = "each test program uses a part of it")]

pub mod fixture;
pub mod statements;

use std::sync::Arc;

use groupchat_domain::Error;
use groupchat_domain::events::LoggedEvent;
use groupchat_domain::storage::{Access, Caller, EventSink, Mode, Storage, Tx};
use groupchat_infra::clock::SystemClock;
use groupchat_infra::sqlite::{SqliteOptions, SqliteStorage};
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};

/// An empty database, removed when it is dropped.
pub struct Database {
    // In this order: the storage lets go of its files before they are removed.
    storage: Box<dyn Storage>,
    runtime: Runtime,
    directory: TempDir,
}

impl Database {
    /// A new SQLite file.
    pub fn sqlite() -> Self {
        let directory = TempDir::new().expect("a temporary directory");
        let options = SqliteOptions::new(directory.path().join("test.db"));
        let storage = SqliteStorage::open(options, Arc::new(SystemClock), Arc::new(NoListener)).expect("opens");
        let runtime = Builder::new_current_thread().build().expect("a runtime");
        Self { storage: Box::new(storage), runtime, directory }
    }

    /// The file of an SQLite database.
    pub fn path(&self) -> String {
        self.directory.path().join("test.db").to_str().expect("a path in UTF-8").to_owned()
    }

    /// Runs work in a transaction that may write.
    pub fn write<T: Send + 'static>(
        &self,
        work: impl Fn(&mut dyn Tx) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        self.run(Mode::Write, work)
    }

    /// Runs work in a transaction that reads.
    pub fn read<T: Send + 'static>(
        &self,
        work: impl Fn(&mut dyn Tx) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        self.run(Mode::Read, work)
    }

    fn run<T: Send + 'static>(
        &self,
        mode: Mode,
        work: impl Fn(&mut dyn Tx) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        self.runtime.block_on(self.storage.run(Access { mode, caller: Caller::System }, work))
    }
}

struct NoListener;

impl EventSink for NoListener {
    fn committed(&self, _events: &[LoggedEvent]) {}
}

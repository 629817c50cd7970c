//! What the tests of the repositories share: a database of their own, and things to put into it.
#![allow(dead_code, reason = "each test program uses a part of it")]

pub mod fixture;

use std::sync::{Arc, Mutex, PoisonError};

use groupchat_domain::Error;
use groupchat_domain::accounts::Actor;
use groupchat_domain::events::LoggedEvent;
use groupchat_domain::storage::{Access, Caller, Credential, EventSink, Mode, Storage, Tx};
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
    statements: Arc<Mutex<Vec<String>>>,
}

impl Database {
    /// A new SQLite file whose statements are written down.
    pub fn sqlite() -> Self {
        let statements = Arc::new(Mutex::new(Vec::new()));
        let noted = Arc::clone(&statements);
        Self::open_sqlite(statements, |options| {
            options.statement_observer = Some(Arc::new(move |sql: &str| {
                noted.lock().unwrap_or_else(PoisonError::into_inner).push(sql.to_owned());
            }));
        })
    }

    /// A new SQLite file whose connections keep the instrumentation that is the process's default.
    pub fn sqlite_unobserved() -> Self {
        Self::open_sqlite(Arc::default(), |_| {})
    }

    fn open_sqlite(statements: Arc<Mutex<Vec<String>>>, adjust: impl FnOnce(&mut SqliteOptions)) -> Self {
        let directory = TempDir::new().expect("a temporary directory");
        let mut options = SqliteOptions::new(directory.path().join("test.db"));
        adjust(&mut options);
        let storage =
            SqliteStorage::open(options, Arc::new(SystemClock), Arc::new(NoListener)).expect("opens");
        let runtime = Builder::new_current_thread().build().expect("a runtime");
        Self { storage: Box::new(storage), runtime, directory, statements }
    }

    /// The queries executed since the last time this was asked; not what steers transactions and settings.
    pub fn take_queries(&self) -> Vec<String> {
        let mut statements =
            std::mem::take(&mut *self.statements.lock().unwrap_or_else(PoisonError::into_inner));
        let verbs = ["SELECT", "INSERT", "UPDATE", "DELETE"];
        statements.retain(|sql| verbs.iter().any(|verb| sql.starts_with(verb)));
        statements
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

    /// Runs work as the holder of a key, in a transaction that may write.
    pub fn write_as<T: Send + 'static>(
        &self,
        who: Credential,
        work: impl Fn(&mut dyn Tx, &Actor) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        self.runtime.block_on(self.storage.write_as(who, work))
    }

    /// Runs work as the holder of a key, in a transaction that reads.
    pub fn read_as<T: Send + 'static>(
        &self,
        who: Credential,
        work: impl Fn(&mut dyn Tx, &Actor) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        self.runtime.block_on(self.storage.read_as(who, work))
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

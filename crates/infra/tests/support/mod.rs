//! What the tests on whole databases share: a database of their own, and things to put into it.
#![allow(dead_code, reason = "each test program uses a part of it")]

pub(crate) mod fixture;
pub(crate) mod log;
pub(crate) mod plain_sealer;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

#[cfg(feature = "postgres")]
use diesel::PgConnection;
use diesel::connection::SimpleConnection;
use diesel::{Connection, QueryResult, SqliteConnection};
use groupchat_domain::Error;
use groupchat_domain::accounts::Actor;
use groupchat_domain::events::{Epoch, LoggedEvent};
use groupchat_domain::secrets::Sealer;
use groupchat_domain::storage::{Access, Caller, Credential, Done, EventSink, Mode, Storage, Tx, Work};
use groupchat_domain::time::Clock;
use groupchat_infra::check::{Depth, Finding};
use groupchat_infra::clock::SystemClock;
#[cfg(feature = "postgres")]
use groupchat_infra::postgres::{self, PostgresOptions, PostgresStorage};
use groupchat_infra::sqlite::{self, SqliteOptions, SqliteStorage};
use groupchat_infra::{DatabaseStorage, StatementObserver};
use groupchat_simulation::model::{ModelDatabase, ModelStorage};
#[cfg(feature = "postgres")]
use groupchat_testing::Scratch;
use plain_sealer::Plain;
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};

/// How long anything may take before a test gives it up: far longer than it ever does.
const DEADLINE: Duration = Duration::from_secs(30);

/// How often one server looks for what another has stored: often, so that tests don't wait.
#[cfg(feature = "postgres")]
const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// An empty database, removed when it is dropped. Threads may share it.
pub(crate) struct Database {
    // In this order: the storage lets go of the database before that is removed.
    storage: Arc<dyn DatabaseStorage>,
    runtime: Runtime,
    place: DataLocation,
    statements: Arc<Mutex<Vec<String>>>,
}

/// One end of a copy: where a database is.
enum DataLocation {
    Memory(ModelDatabase),
    Folder(TempDir),
    #[cfg(feature = "postgres")]
    Server(Scratch),
}

impl DataLocation {
    fn folder() -> Self {
        Self::Folder(TempDir::new().expect("a temporary directory"))
    }

    /// Opens the database that is there, as any program of ours would that is not alone.
    fn open(&self, sink: Arc<dyn EventSink>, clock: Arc<dyn Clock>) -> Arc<dyn DatabaseStorage> {
        match self {
            Self::Memory(model) => Arc::new(Model(ModelStorage::new(model.clone(), clock, sink))),
            Self::Folder(folder) => open_sqlite(folder, sink, clock, |_| {}),
            #[cfg(feature = "postgres")]
            Self::Server(scratch) => open_postgres(scratch, sink, clock, |_| {}),
        }
    }
}

/// How often uses of keys are stored, and forgotten after a while. Where a test has a clock of its own, that would be at any
/// moment, and so its outcome would not be the same each time.
const NEVER: Duration = Duration::from_secs(24 * 3600);

fn open_sqlite(
    folder: &TempDir,
    sink: Arc<dyn EventSink>,
    clock: Arc<dyn Clock>,
    adjust: impl FnOnce(&mut SqliteOptions),
) -> Arc<dyn DatabaseStorage> {
    let mut options = SqliteOptions::new(folder.path().join("test.db"));
    options.maintenance_interval = NEVER;
    adjust(&mut options);
    let storage = SqliteStorage::open(options, clock, sink).expect("opens");
    storage.seal_with(Arc::new(Plain));
    Arc::new(storage)
}

#[cfg(feature = "postgres")]
fn open_postgres(
    scratch: &Scratch,
    sink: Arc<dyn EventSink>,
    clock: Arc<dyn Clock>,
    adjust: impl FnOnce(&mut PostgresOptions),
) -> Arc<dyn DatabaseStorage> {
    let mut options = PostgresOptions::new(scratch.url());
    options.poll_interval = POLL_INTERVAL;
    options.maintenance_interval = NEVER;
    adjust(&mut options);
    let storage = PostgresStorage::open(options, clock, sink).expect("opens");
    storage.seal_with(Arc::new(Plain));
    Arc::new(storage)
}

/// A list of statements, and an observer that writes them down there.
fn notebook() -> (Arc<Mutex<Vec<String>>>, StatementObserver) {
    let statements = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&statements);
    let observer = move |sql: &str| {
        noted.lock().unwrap_or_else(PoisonError::into_inner).push(sql.to_owned());
    };
    (statements, Arc::new(observer))
}

impl Database {
    /// The model, empty.
    pub(crate) fn model() -> Self {
        let model = ModelDatabase::new(Epoch::parse("model").expect("an epoch"));
        Self::in_place(DataLocation::Memory(model), Arc::new(NoListener), Arc::new(SystemClock))
    }

    /// Whether it is the model, which executes no statements.
    pub(crate) fn is_model(&self) -> bool {
        matches!(self.place, DataLocation::Memory(_))
    }

    /// A new SQLite file whose statements are written down.
    pub(crate) fn sqlite() -> Self {
        let (statements, observer) = notebook();
        let folder = TempDir::new().expect("a temporary directory");
        let storage = open_sqlite(&folder, Arc::new(NoListener), Arc::new(SystemClock), |options| {
            options.statement_observer = Some(observer);
        });
        Self { storage, runtime: runtime(), place: DataLocation::Folder(folder), statements }
    }

    /// A new SQLite file whose connections keep the instrumentation that is the process's default.
    pub(crate) fn sqlite_unobserved() -> Self {
        Self::sqlite_with(Arc::new(NoListener))
    }

    /// A new SQLite file that tells `sink` what was committed.
    pub(crate) fn sqlite_with(sink: Arc<dyn EventSink>) -> Self {
        Self::in_place(DataLocation::folder(), sink, Arc::new(SystemClock))
    }

    /// A new SQLite file that takes the time from this clock.
    pub(crate) fn sqlite_at(clock: Arc<dyn Clock>) -> Self {
        Self::in_place(DataLocation::folder(), Arc::new(NoListener), clock)
    }

    /// A new database on the PostgreSQL server for tests that takes the time from this clock.
    #[cfg(feature = "postgres")]
    pub(crate) fn postgres_at(clock: Arc<dyn Clock>) -> Self {
        let scratch = Scratch::create();
        find_deadlocks_fast(scratch.url());
        Self::in_place(DataLocation::Server(scratch), Arc::new(NoListener), clock)
    }

    /// A new database on the PostgreSQL server for tests, whose statements are written down.
    #[cfg(feature = "postgres")]
    pub(crate) fn postgres() -> Self {
        Self::postgres_observed(|_| {})
    }

    /// Like [`Database::postgres`], with one connection that writes and one that reads: once each was used, no command
    /// opens another, whose first statement would be counted among those of the command.
    #[cfg(feature = "postgres")]
    pub(crate) fn postgres_with_one_of_each() -> Self {
        Self::postgres_observed(|options| {
            options.writers = 1;
            options.readers = 1;
        })
    }

    #[cfg(feature = "postgres")]
    fn postgres_observed(adjust: impl FnOnce(&mut PostgresOptions)) -> Self {
        let (statements, observer) = notebook();
        let scratch = Scratch::create();
        let storage = open_postgres(&scratch, Arc::new(NoListener), Arc::new(SystemClock), |options| {
            options.statement_observer = Some(observer);
            adjust(options);
        });
        Self { storage, runtime: runtime(), place: DataLocation::Server(scratch), statements }
    }

    /// A new database on the PostgreSQL server for tests, whose connections have no instrumentation.
    #[cfg(feature = "postgres")]
    pub(crate) fn postgres_unobserved() -> Self {
        Self::postgres_with(Arc::new(NoListener))
    }

    /// A new database on the PostgreSQL server for tests, which tells `sink` what was committed.
    #[cfg(feature = "postgres")]
    pub(crate) fn postgres_with(sink: Arc<dyn EventSink>) -> Self {
        let scratch = Scratch::create();
        find_deadlocks_fast(scratch.url());
        Self::in_place(DataLocation::Server(scratch), sink, Arc::new(SystemClock))
    }

    fn in_place(place: DataLocation, sink: Arc<dyn EventSink>, clock: Arc<dyn Clock>) -> Self {
        Self { storage: place.open(sink, clock), runtime: runtime(), place, statements: Arc::default() }
    }

    /// What runs the commands.
    pub(crate) fn storage(&self) -> Arc<dyn DatabaseStorage> {
        Arc::clone(&self.storage)
    }

    /// The same database, opened once more beside this storage. Has to be let go before the database.
    pub(crate) fn beside(&self, sink: Arc<dyn EventSink>) -> Arc<dyn DatabaseStorage> {
        self.place.open(sink, Arc::new(SystemClock))
    }

    /// Waits for what the storage answers, on this thread. Any number of threads may wait at once.
    pub(crate) fn wait_for<T>(&self, answer: impl Future<Output = T>) -> T {
        let answer = async { tokio::time::timeout(DEADLINE, answer).await };
        self.runtime.block_on(answer).expect("an answer in good time")
    }

    /// The queries executed since the last time this was asked; not what steers transactions and settings.
    pub(crate) fn take_queries(&self) -> Vec<String> {
        let mut statements =
            std::mem::take(&mut *self.statements.lock().unwrap_or_else(PoisonError::into_inner));
        let verbs = ["SELECT", "INSERT", "UPDATE", "DELETE"];
        statements.retain(|sql| verbs.iter().any(|verb| sql.starts_with(verb)));
        statements
    }

    /// The file of an SQLite database; `None` if this is another one.
    pub(crate) fn path(&self) -> Option<PathBuf> {
        match &self.place {
            DataLocation::Memory(_) => None,
            DataLocation::Folder(folder) => Some(folder.path().join("test.db")),
            #[cfg(feature = "postgres")]
            DataLocation::Server(_) => None,
        }
    }

    /// The address of a database on a server; `None` if this is a file.
    #[cfg(feature = "postgres")]
    pub(crate) fn url(&self) -> Option<&str> {
        match &self.place {
            DataLocation::Memory(_) | DataLocation::Folder(_) => None,
            DataLocation::Server(scratch) => Some(scratch.url()),
        }
    }

    /// Runs statements beside the storage, as somebody with a client of the database does.
    pub(crate) fn execute(&self, statements: &str) {
        self.try_execute(statements).expect("works");
    }

    /// The same where the statements may be rejected.
    pub(crate) fn try_execute(&self, statements: &str) -> QueryResult<()> {
        match &self.place {
            DataLocation::Memory(_) => panic!("the model takes no statements"),
            DataLocation::Folder(_) => {
                let path = self.path().expect("a file");
                let path = path.to_str().expect("a path in UTF-8");
                SqliteConnection::establish(path).expect("opens").batch_execute(statements)
            }
            #[cfg(feature = "postgres")]
            DataLocation::Server(scratch) => {
                PgConnection::establish(scratch.url()).expect("opens").batch_execute(statements)
            }
        }
    }

    /// Checks the database.
    pub(crate) fn check(&self) -> Vec<Finding> {
        let now = SystemClock.now();
        match &self.place {
            DataLocation::Memory(_) => Vec::new(),
            DataLocation::Folder(_) => sqlite::check(&self.path().expect("a file"), Depth::Full, now),
            #[cfg(feature = "postgres")]
            DataLocation::Server(scratch) => {
                postgres::check(&PostgresOptions::new(scratch.url()), Depth::Full, now)
            }
        }
    }

    /// What one check says of the database.
    pub(crate) fn finding(&self, check: &str) -> Finding {
        self.check().into_iter().find(|finding| finding.check == check).expect("such a check")
    }

    /// Runs work in a transaction that may write.
    pub(crate) fn write<T: Send + 'static>(
        &self,
        work: impl Fn(&mut dyn Tx) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        self.run(Mode::Write, work)
    }

    /// Runs work in a transaction that reads.
    pub(crate) fn read<T: Send + 'static>(
        &self,
        work: impl Fn(&mut dyn Tx) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        self.run(Mode::Read, work)
    }

    /// Runs work as the holder of a key, in a transaction that may write.
    pub(crate) fn write_as<T: Send + 'static>(
        &self,
        who: Credential,
        work: impl Fn(&mut dyn Tx, &Actor) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let storage: &dyn Storage = self.storage.as_ref();
        self.wait_for(storage.write_as(who, work))
    }

    /// Runs work as the holder of a key, in a transaction that reads.
    pub(crate) fn read_as<T: Send + 'static>(
        &self,
        who: Credential,
        work: impl Fn(&mut dyn Tx, &Actor) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let storage: &dyn Storage = self.storage.as_ref();
        self.wait_for(storage.read_as(who, work))
    }

    fn run<T: Send + 'static>(
        &self,
        mode: Mode,
        work: impl Fn(&mut dyn Tx) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let storage: &dyn Storage = self.storage.as_ref();
        self.wait_for(storage.run(Access { mode, caller: Caller::System }, work))
    }
}

/// Has the server look for deadlocks after milliseconds, not a second, in this database.
#[cfg(feature = "postgres")]
fn find_deadlocks_fast(url: &str) {
    let set = "EXECUTE format('ALTER DATABASE %I SET deadlock_timeout = 20', current_database())";
    let mut connection = PgConnection::establish(url).expect("a connection");
    connection.batch_execute(&format!("DO $$BEGIN {set}; END$$")).expect("a superuser may");
}

/// Only answers are waited for on it, so one thread of its own is enough, for the clock.
fn runtime() -> Runtime {
    Builder::new_multi_thread().worker_threads(1).enable_time().build().expect("a runtime")
}

/// Takes committed events and does nothing with them.
pub(crate) struct NoListener;

impl EventSink for NoListener {
    fn publish(&self, _events: &[LoggedEvent]) {}
}

/// The model in the place of a database.
struct Model(ModelStorage);

impl Storage for Model {
    fn inner(&self) -> Option<&dyn Storage> {
        Some(&self.0)
    }

    fn submit(&self, access: Access, work: Work) -> Done {
        self.0.submit(access, work)
    }
}

impl DatabaseStorage for Model {
    /// The model needs none.
    fn seal_with(&self, _: Arc<dyn Sealer>) {}

    fn shutdown(&self, _: Duration) {}
}

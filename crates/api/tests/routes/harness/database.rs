//! The database of one test: a SQLite file, or with the feature `postgres` a database on a server.

use std::cell::RefCell;
use std::sync::Arc;
use std::time::Duration;

use groupchat_domain::secrets::Sealer;
use groupchat_domain::storage::{EventSink, Storage};
use groupchat_domain::time::Clock;
use groupchat_infra::DatabaseStorage;
use groupchat_infra::secrets::{KeyRing, KeySource, RingSealer, SecretKey};
#[cfg(feature = "postgres")]
use groupchat_testing::Scratch;

/// How long the threads of a storage may take to end.
const SHUTDOWN: Duration = Duration::from_secs(5);

#[cfg(not(feature = "postgres"))]
type Home = tempfile::TempDir;
#[cfg(feature = "postgres")]
type Home = Scratch;

/// An empty database. When it is dropped, its storages end first, whoever still holds them, and then it is removed.
pub(crate) struct Database {
    home: Home,
    /// Of all servers on it.
    sealer: Arc<dyn Sealer>,
    opened: RefCell<Vec<Arc<dyn DatabaseStorage>>>,
}

impl Database {
    /// Creates one.
    pub(crate) fn create() -> Self {
        let ring = KeyRing::new(vec![SecretKey::generate()]).expect("a key");
        let sealer = Arc::new(RingSealer::new(KeySource::Fixed(ring)).expect("no file"));
        Self { home: new_home(), sealer, opened: RefCell::default() }
    }

    /// Opens it.
    pub(crate) fn open(&self, clock: Arc<dyn Clock>, sink: Arc<dyn EventSink>) -> Arc<dyn Storage> {
        let storage = Arc::new(open(&self.home, clock, sink));
        storage.seal_with(self.sealer.clone());
        self.opened.borrow_mut().push(storage.clone());
        storage
    }
}

impl Drop for Database {
    /// A thread that was left connecting to PostgreSQL when the tests end would crash the process: the library for
    /// encryption cleans up at the exit, whoever still uses it.
    fn drop(&mut self) {
        self.opened.take().iter().for_each(|storage| storage.shutdown(SHUTDOWN));
    }
}

#[cfg(not(feature = "postgres"))]
fn new_home() -> Home {
    Home::new().expect("a temporary directory")
}

#[cfg(not(feature = "postgres"))]
fn open(home: &Home, clock: Arc<dyn Clock>, sink: Arc<dyn EventSink>) -> impl DatabaseStorage + use<> {
    use groupchat_infra::sqlite::{SqliteOptions, SqliteStorage};
    let options = SqliteOptions::new(home.path().join("test.db"));
    SqliteStorage::open(options, clock, sink).expect("opens")
}

#[cfg(feature = "postgres")]
fn new_home() -> Home {
    Scratch::create()
}

#[cfg(feature = "postgres")]
fn open(home: &Home, clock: Arc<dyn Clock>, sink: Arc<dyn EventSink>) -> impl DatabaseStorage + use<> {
    use groupchat_infra::postgres::{PostgresOptions, PostgresStorage};
    // Each connection is a process of the database server, and each test starts a server.
    let options = PostgresOptions { writers: 4, readers: 2, ..PostgresOptions::new(home.url()) };
    PostgresStorage::open(options, clock, sink).expect("opens")
}

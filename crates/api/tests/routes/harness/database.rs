//! The database of one test: a SQLite file, or with the feature `postgres` a database on a server.

use std::cell::RefCell;
use std::sync::Arc;
use std::time::Duration;

use groupchat_domain::storage::{EventSink, Storage};
use groupchat_domain::time::Clock;
use groupchat_infra::DatabaseStorage;
#[cfg(feature = "postgres")]
use groupchat_testing::Scratch;

/// How long the threads of a storage may take to end.
const SHUTDOWN: Duration = Duration::from_secs(5);

#[cfg(not(feature = "postgres"))]
type Place = tempfile::TempDir;
#[cfg(feature = "postgres")]
type Place = Scratch;

/// An empty database. When it is dropped, its storages end first, whoever still holds them, and then it is removed.
pub(crate) struct Database {
    place: Place,
    opened: RefCell<Vec<Arc<dyn DatabaseStorage>>>,
}

impl Database {
    /// Creates one.
    pub(crate) fn create() -> Self {
        Self { place: new_place(), opened: RefCell::default() }
    }

    /// Opens it.
    pub(crate) fn open(&self, clock: Arc<dyn Clock>, sink: Arc<dyn EventSink>) -> Arc<dyn Storage> {
        let storage = Arc::new(open(&self.place, clock, sink));
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
fn new_place() -> Place {
    Place::new().expect("a temporary directory")
}

#[cfg(not(feature = "postgres"))]
fn open(place: &Place, clock: Arc<dyn Clock>, sink: Arc<dyn EventSink>) -> impl DatabaseStorage + use<> {
    use groupchat_infra::sqlite::{SqliteOptions, SqliteStorage};
    let options = SqliteOptions::new(place.path().join("test.db"));
    SqliteStorage::open(options, clock, sink).expect("opens")
}

#[cfg(feature = "postgres")]
fn new_place() -> Place {
    Scratch::create()
}

#[cfg(feature = "postgres")]
fn open(place: &Place, clock: Arc<dyn Clock>, sink: Arc<dyn EventSink>) -> impl DatabaseStorage + use<> {
    use groupchat_infra::postgres::{PostgresOptions, PostgresStorage};
    PostgresStorage::open(PostgresOptions::new(place.url()), clock, sink).expect("opens")
}

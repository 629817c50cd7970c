//! The database of one test: a SQLite file, or with the feature `postgres` a database on a server.

use std::sync::Arc;

use groupchat_domain::storage::{EventSink, Storage};
use groupchat_domain::time::Clock;
#[cfg(feature = "postgres")]
use groupchat_testing::Scratch;

/// An empty database, removed when this is dropped. Let the storage end first.
#[cfg(not(feature = "postgres"))]
pub(crate) struct Database(tempfile::TempDir);

/// An empty database, removed when this is dropped. Let the storage end first.
#[cfg(feature = "postgres")]
pub(crate) struct Database(Scratch);

#[cfg(not(feature = "postgres"))]
impl Database {
    /// Makes one.
    pub(crate) fn create() -> Self {
        Self(tempfile::TempDir::new().expect("a temporary directory"))
    }

    /// Opens it.
    pub(crate) fn open(&self, clock: Arc<dyn Clock>, sink: Arc<dyn EventSink>) -> Arc<dyn Storage> {
        use groupchat_infra::sqlite::{SqliteOptions, SqliteStorage};
        let options = SqliteOptions::new(self.0.path().join("test.db"));
        Arc::new(SqliteStorage::open(options, clock, sink).expect("opens"))
    }
}

#[cfg(feature = "postgres")]
impl Database {
    /// Makes one.
    pub(crate) fn create() -> Self {
        Self(Scratch::create())
    }

    /// Opens it.
    pub(crate) fn open(&self, clock: Arc<dyn Clock>, sink: Arc<dyn EventSink>) -> Arc<dyn Storage> {
        use groupchat_infra::postgres::{PostgresOptions, PostgresStorage};
        let options = PostgresOptions::new(self.0.url());
        Arc::new(PostgresStorage::open(options, clock, sink).expect("opens"))
    }
}

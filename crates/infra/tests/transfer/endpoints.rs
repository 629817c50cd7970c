//! Places for databases, removed with the test.

use std::path::PathBuf;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use groupchat_domain::time::Clock;
use groupchat_infra::sqlite::{OpenError, SqliteOptions, SqliteStorage};
use groupchat_infra::transfer::{CopiedTable, Endpoint, TransferError, transfer};
use tempfile::TempDir;

use crate::support::NoListener;
use groupchat_infra::clock::SystemClock;
use std::sync::Arc;

/// A folder for SQLite files.
pub(crate) struct Folder(TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn endpoint(&self, name: &str) -> Endpoint {
        Endpoint::Sqlite(self.file(name))
    }
}

/// Copies, and tells nobody how far it is.
pub(crate) fn copy(from: &Endpoint, to: &Endpoint) -> Result<Vec<CopiedTable>, TransferError> {
    transfer(from, to, SystemClock.now(), &mut |_| ())
}

/// The connection to a SQLite file, which is made if it isn't there.
pub(crate) fn sqlite(endpoint: &Endpoint) -> SqliteConnection {
    let Endpoint::Sqlite(path) = endpoint else { panic!("a file") };
    let mut connection = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
    connection.batch_execute("PRAGMA busy_timeout = 10000").unwrap();
    connection
}

/// Opens a SQLite file as the program does.
pub(crate) fn open_sqlite(endpoint: &Endpoint) -> Result<SqliteStorage, OpenError> {
    let Endpoint::Sqlite(path) = endpoint else { panic!("a file") };
    SqliteStorage::open(SqliteOptions::new(path), Arc::new(SystemClock), Arc::new(NoListener))
}

/// Runs statements on a database, whatever its kind.
pub(crate) fn execute(endpoint: &Endpoint, sql: &str) {
    match endpoint {
        Endpoint::Sqlite(_) => sqlite(endpoint).batch_execute(sql).unwrap(),
        #[cfg(feature = "postgres")]
        Endpoint::Postgres(url) => PgConnection::establish(url).unwrap().batch_execute(sql).unwrap(),
        #[cfg(not(feature = "postgres"))]
        Endpoint::Postgres(_) => panic!("a file"),
    }
}

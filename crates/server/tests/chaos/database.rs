//! Where the servers of a case keep their data.

use std::ffi::OsString;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text};
use tempfile::TempDir;

#[cfg(feature = "postgres")]
use crate::harness::{Data, data};

/// An empty database, removed with the case.
pub(crate) enum DataLocation {
    /// The embedded database, in this folder.
    Folder(TempDir),
    /// A database on a PostgreSQL server.
    #[cfg(feature = "postgres")]
    Database(Data),
}

/// A row of the log, in the words of the database.
#[derive(QueryableByName)]
pub(crate) struct Row {
    #[diesel(sql_type = BigInt)]
    pub position: i64,
    #[diesel(sql_type = Text)]
    pub event_type: String,
    #[diesel(sql_type = Nullable<BigInt>)]
    pub actor_id: Option<i64>,
    #[diesel(sql_type = Text)]
    pub audience: String,
    #[diesel(sql_type = Nullable<BigInt>)]
    pub group_id: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    pub user_id: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    pub message_id: Option<i64>,
}

const LOG: &str = "SELECT position, type AS event_type, actor_id, audience, group_id, user_id, message_id \
                   FROM events ORDER BY position";

impl DataLocation {
    /// The embedded database.
    pub(crate) fn folder() -> Self {
        Self::Folder(tempfile::tempdir().unwrap())
    }

    /// A database on the PostgreSQL server that `GROUPCHAT_TEST_POSTGRES` names.
    #[cfg(feature = "postgres")]
    pub(crate) fn database() -> Self {
        Self::Database(data())
    }

    /// What tells the program to use it.
    pub(crate) fn arguments(&self) -> Vec<OsString> {
        match self {
            Self::Folder(folder) => vec!["--data-dir".into(), folder.path().into()],
            #[cfg(feature = "postgres")]
            Self::Database(data) => data.arguments(),
        }
    }

    /// The log, in order. The servers MUST be stopped.
    pub(crate) fn log(&self) -> Vec<Row> {
        let log = diesel::sql_query(LOG);
        match self {
            Self::Folder(folder) => {
                let path = folder.path().join("groupchat.db");
                log.load(&mut SqliteConnection::establish(path.to_str().unwrap()).unwrap()).unwrap()
            }
            #[cfg(feature = "postgres")]
            Self::Database(data) => log.load(&mut PgConnection::establish(data.url()).unwrap()).unwrap(),
        }
    }
}

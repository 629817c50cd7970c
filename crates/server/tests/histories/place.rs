//! The database of a run, and the way to it.

use std::ffi::OsString;

#[cfg(feature = "postgres")]
use groupchat_testing::Proxy;

#[cfg(feature = "postgres")]
use crate::cluster::Cluster;
use crate::database::DataLocation;
#[cfg(feature = "postgres")]
use crate::harness::{Data, Database, data, until};

/// An empty database, removed with the run.
pub(crate) struct Place {
    pub location: DataLocation,
    /// The database server, if it may be restarted.
    #[cfg(feature = "postgres")]
    pub cluster: Option<Cluster>,
}

/// How a server reaches the database.
pub(crate) struct Line {
    /// What tells the program to use it.
    pub arguments: Vec<OsString>,
    /// What stands between; nothing in front of the embedded database.
    #[cfg(feature = "postgres")]
    pub proxy: Option<Proxy>,
}

impl Place {
    /// The embedded database.
    pub(crate) fn folder() -> Self {
        Self {
            location: DataLocation::folder(),
            #[cfg(feature = "postgres")]
            cluster: None,
        }
    }

    /// Whether servers reach it by sessions, which can be lost.
    pub(crate) const fn has_sessions(&self) -> bool {
        match self.location {
            DataLocation::Folder(_) => false,
            #[cfg(feature = "postgres")]
            DataLocation::Database(_) => true,
        }
    }

    /// How many servers run on it.
    pub(crate) const fn servers(&self) -> usize {
        match self.location {
            DataLocation::Folder(_) => 1,
            #[cfg(feature = "postgres")]
            DataLocation::Database(_) => 2,
        }
    }
}

#[cfg(not(feature = "postgres"))]
impl Place {
    /// The way of a server of its own.
    pub(crate) fn line(&self) -> Line {
        Line { arguments: self.location.arguments() }
    }
}

#[cfg(feature = "postgres")]
impl Place {
    /// A database on the PostgreSQL server that `GROUPCHAT_TEST_POSTGRES` names.
    pub(crate) fn database() -> Self {
        Self { location: DataLocation::Database(data()), cluster: None }
    }

    /// A database on a PostgreSQL server of its own.
    pub(crate) async fn cluster() -> Self {
        let cluster = Cluster::create().await;
        cluster.start().await;
        Self { location: DataLocation::Database(cluster.create_database("chat")), cluster: Some(cluster) }
    }

    /// The way of a server of its own.
    pub(crate) fn line(&self) -> Line {
        match &self.location {
            DataLocation::Folder(_) => Line { arguments: self.location.arguments(), proxy: None },
            DataLocation::Database(data) => {
                let proxy = Proxy::to(data.url());
                let arguments = Data::on(&proxy.url()).arguments();
                Line { arguments, proxy: Some(proxy) }
            }
        }
    }

    /// The database's URL.
    pub(crate) fn url(&self) -> Option<&str> {
        match &self.location {
            DataLocation::Folder(_) => None,
            DataLocation::Database(data) => Some(data.url()),
        }
    }

    /// Waits until no session of a server is left, which could still commit.
    pub(crate) async fn until_quiet(&self) {
        let Some(url) = self.url() else { return };
        let mut database = Database::at(url);
        let sessions = "SELECT count(*) AS count FROM pg_stat_activity \
                        WHERE application_name LIKE 'groupchat%' AND datname = current_database()";
        until("all sessions have ended", || database.count(sessions) == 0).await;
    }
}

//! Which database is measured, as far as the figures depend on it.

use std::fmt;

use serde::Serialize;

/// Which database is measured.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Engine {
    /// The embedded one.
    Sqlite,
    /// A PostgreSQL server.
    #[cfg_attr(not(any(feature = "postgres", test)), expect(dead_code, reason = "such a build opens none"))]
    Postgres(PostgresServer),
}

/// A PostgreSQL server, without its address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct PostgresServer {
    /// In its own words, such as `15.13 (Debian 15.13-0+deb12u1)`.
    pub version: String,
    /// Whether both ends of a connection have one address: it shares the machine with what is measured.
    pub is_local: bool,
    /// Whether it makes sure that commits reach the disk. Figures without it are not worth much.
    pub fsync: bool,
    /// What a commit of groupchat waits for, in PostgreSQL's words (`synchronous_commit`).
    pub synchronous_commit: String,
}

impl Engine {
    /// Whether it is part of the server's process.
    pub(crate) const fn is_embedded(&self) -> bool {
        matches!(self, Self::Sqlite)
    }
}

impl fmt::Display for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::Postgres(server) = self else { return f.write_str("SQLite") };
        write!(
            f,
            "PostgreSQL {} {}, fsync {}, synchronous_commit {}",
            server.version,
            if server.is_local { "on this machine" } else { "over the network" },
            if server.fsync { "on" } else { "OFF" },
            server.synchronous_commit
        )
    }
}

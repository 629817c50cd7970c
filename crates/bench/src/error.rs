//! Why a measurement or a seeding did not come to its end.

use std::io;
use std::path::PathBuf;

use crate::audit_fault::AuditFault;
use crate::live::error::LiveError;
use crate::location::DatabaseLocation;
use crate::scenario::{Part, Scenario};

/// Why a measurement or a seeding did not come to its end.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BenchError {
    /// A file or a process could not be used.
    #[error("{doing}: {source}")]
    Io {
        /// What was being done.
        doing: String,
        /// What the system said.
        source: io::Error,
    },
    /// A process that serves did not come up in time, or ended.
    #[error("{program} did not start serving; its output was:\n{output}")]
    NotServing {
        /// The program's file.
        program: PathBuf,
        /// The end of what it wrote.
        output: String,
    },
    /// A measurement holds requests that failed, so it measures nothing.
    #[error("{scenario}: {failed} of {total} requests failed; the first: {first}")]
    Failed {
        /// Which one.
        scenario: Scenario,
        /// Connections that ended with a failed request.
        failed: usize,
        /// All requests of the window, the failed ones among them.
        total: usize,
        /// What happened to one of them.
        first: String,
    },
    /// The live events could not be measured.
    #[error(transparent)]
    Live(#[from] LiveError),
    /// Something went wrong while this part of the live events was measured.
    #[error("{part}: {error}")]
    During {
        /// What was measured.
        part: Part,
        /// What went wrong.
        error: Box<Self>,
    },
    /// The server lost or changed what it acknowledged.
    #[error(transparent)]
    Audit(#[from] AuditFault),
    /// The server did not hold under abuse.
    #[error("missed {0} bars")]
    BarsMissed(usize),
    /// A single request outside of a measurement failed.
    #[error("a request failed: {0}")]
    Request(String),
    /// A use case or the storage rejected what the seeding asked for.
    #[error("seeding: {0}")]
    Seed(#[from] groupchat_domain::Error),
    /// The storage could not be opened.
    #[error("opening the database: {0}")]
    Open(String),
    /// The database holds nothing to measure on.
    #[error("{location} has no users or groups from `groupchat-bench seed`")]
    NotSeeded {
        /// Where it is.
        location: DatabaseLocation,
    },
    /// The database holds no messages with reactions, threads and mentions.
    #[error("{location} has no messages from `groupchat-bench seed --rich-messages`")]
    NoRichMessages {
        /// Where it is.
        location: DatabaseLocation,
    },
    /// The database holds what others put there.
    #[error(
        "the database of --database-url has tables or users that groupchat-bench didn't create, and was not changed; \
         name one that is empty, or that groupchat-bench has filled before"
    )]
    #[cfg(feature = "postgres")]
    Somebodys,
    /// The database has no address that libpq would take for one.
    #[error(
        "--database-url must be postgres://USER:PASSWORD@HOST:PORT/DATABASE with special characters as %XX"
    )]
    NotAUrl,
    /// The database is on PostgreSQL.
    #[error(
        "this program was built without PostgreSQL support; build it and the server with \
         `cargo build --release -p groupchat -p groupchat-bench --features postgres`"
    )]
    #[cfg(not(feature = "postgres"))]
    WithoutPostgres,
}

impl BenchError {
    /// An I/O error and what was being done.
    pub(crate) fn io(doing: impl Into<String>, source: io::Error) -> Self {
        Self::Io { doing: doing.into(), source }
    }
}

impl From<reqwest::Error> for BenchError {
    fn from(error: reqwest::Error) -> Self {
        Self::Request(describe(&error))
    }
}

/// An error with its causes: what `reqwest` shows by itself leaves out the reason.
pub(crate) fn describe(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

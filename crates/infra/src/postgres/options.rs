//! How a storage on PostgreSQL is opened.

use std::thread;
use std::time::Duration;

use crate::executor::queue::QueueLimits;
use crate::observer::StatementObserver;
use crate::time_limit::READ_TIMEOUT;

/// How a storage on PostgreSQL is opened. [`PostgresOptions::new`] has sensible values for all but the URL.
#[derive(Clone)]
pub struct PostgresOptions {
    /// The database as a libpq URL: `postgres://USER:PASSWORD@HOST:PORT/DATABASE?sslmode=…`. Validate a URL from users
    /// first: libpq quotes text that it can't parse in its errors, which may be part of a password.
    pub url: String,
    /// Whether the storage is that of a server: it becomes the sequencer if no other server is, and publishes the log
    /// to the sink. A command that runs beside servers does neither.
    pub follows_log: bool,
    /// Whether to migrate a database of an earlier version, or to reject it because servers may be using it. An empty
    /// database always gets its schema.
    pub migrates: bool,
    /// The number of writing threads, each with its own connection. This many commands can commit at the same time.
    pub writers: usize,
    /// The number of reading threads, each with its own connection.
    pub readers: usize,
    /// How long a read command may take, and each of its statements. Zero means no limit.
    pub read_timeout: Duration,
    /// How many commands may wait for a writer.
    pub write_queue: QueueLimits,
    /// How many commands may wait for a reader.
    pub read_queue: QueueLimits,
    /// How long a statement may take before the database server ends it, in whole milliseconds. Zero means no limit.
    /// Migrations and checks have none. A command that has taken this long in total is not run again.
    pub statement_timeout: Duration,
    /// How long opening waits for the database server to accept connections.
    pub connect_within: Duration,
    /// How often the last uses of keys are stored.
    pub maintenance_interval: Duration,
    /// How often to poll for events of other processes without a notice. Notices usually arrive within milliseconds,
    /// unless they are lost or a proxy drops them.
    pub poll_interval: Duration,
    /// Called for each statement of the commands, for tests that count them.
    pub statement_observer: Option<StatementObserver>,
}

impl PostgresOptions {
    /// Connections that write, by default.
    pub const WRITERS: usize = 16;

    /// The usual options of a server for this database.
    pub fn new(url: impl Into<String>) -> Self {
        let cores = thread::available_parallelism().map_or(2, usize::from);
        Self {
            url: url.into(),
            follows_log: true,
            migrates: true,
            writers: Self::WRITERS,
            readers: (2 * cores).clamp(4, 16),
            read_timeout: READ_TIMEOUT,
            write_queue: QueueLimits::default(),
            read_queue: QueueLimits::default(),
            statement_timeout: Duration::from_secs(30),
            connect_within: Duration::from_secs(30),
            maintenance_interval: Duration::from_secs(60),
            poll_interval: Duration::from_millis(250),
            statement_observer: None,
        }
    }
}

//! How a storage on PostgreSQL is opened.

use std::thread;
use std::time::Duration;

use crate::executor::queue::QueueLimits;
use crate::observer::StatementObserver;
use crate::time_limit::READ_TIMEOUT;

/// How a storage on PostgreSQL is opened. [`PostgresOptions::new`] has sensible values for all but the URL.
#[derive(Clone)]
pub struct PostgresOptions {
    /// The database, as libpq takes it: `postgres://USER:PASSWORD@HOST:PORT/DATABASE?sslmode=…`. Whoever asks people
    /// for it sees to it that it is sound: libpq quotes what it can't read, even if that is part of a password.
    pub url: String,
    /// Whether the storage is a server's: it numbers events when no other server does, and hands those that are
    /// numbered to the sink. A command that runs beside servers leaves that to them.
    pub follows_log: bool,
    /// Whether a database of an earlier version is migrated, or rejected since servers may be using it. An empty one is
    /// made ready in any case.
    pub migrates: bool,
    /// Threads, and connections, that write. As many commands are committed at once.
    pub writers: usize,
    /// Threads, and connections, that read.
    pub readers: usize,
    /// How long a command that reads may take, and with it each of its statements; zero is no limit.
    pub read_timeout: Duration,
    /// How many commands may wait for a writer.
    pub write_queue: QueueLimits,
    /// How many commands may wait for a reader.
    pub read_queue: QueueLimits,
    /// How long a statement may take, in whole milliseconds; the server ends it then. Zero is no limit, and migrations
    /// and checks have none. A command that has taken so long in all is not run again.
    pub statement_timeout: Duration,
    /// How long opening waits for the server to accept connections.
    pub connect_within: Duration,
    /// How often the last uses of keys are stored.
    pub maintenance_interval: Duration,
    /// How often to look for events that another process has stored or numbered and nobody has told of: other servers
    /// do so within milliseconds, unless a notice is lost, or kept back by a proxy.
    pub poll_interval: Duration,
    /// Is told of each statement of the commands, for tests that count them.
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

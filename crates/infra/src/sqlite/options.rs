//! How a SQLite storage is opened.

use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use super::writer::BatchLimits;
use crate::executor::queue::QueueLimits;
use crate::observer::StatementObserver;
use crate::time_limit::READ_TIMEOUT;

/// How a SQLite storage is opened. [`SqliteOptions::new`] has sensible values for all but the path.
#[derive(Clone)]
pub struct SqliteOptions {
    /// The database file. It is created if it never existed. Its folder must exist.
    pub path: PathBuf,
    /// Whether the opener holds the [`DataDirLock`](super::DataDirLock) of the file's folder for as long as the storage
    /// is open, so that no other server uses it. Only then may the storage block other users of the file, to migrate it
    /// or to empty the write-ahead log.
    pub alone: bool,
    /// Whether the file's folder is only for the database. If so, a database is created only if the folder contains
    /// nothing else.
    pub own_folder: bool,
    /// Whether the last shutdown was unclean. If so, the file is checked for damage.
    pub suspect: bool,
    /// How long opening waits for this check. After that it continues in the background, and
    /// [`Storage::condition`](groupchat_domain::storage::Storage::condition) reports its state.
    pub check_within: Duration,
    /// The number of reader threads, each with its own connection.
    pub readers: usize,
    /// How long a read command may take, and each of its statements. Zero means no limit.
    pub read_timeout: Duration,
    /// How many commands may wait for the writer.
    pub write_queue: QueueLimits,
    /// How many commands may wait for a reader.
    pub read_queue: QueueLimits,
    /// The maximum size of a batch of the writer.
    pub batch: BatchLimits,
    /// How often the last uses of keys are stored.
    pub maintenance_interval: Duration,
    /// Called for each statement of the writer and the readers, for tests that count them.
    pub statement_observer: Option<StatementObserver>,
}

impl SqliteOptions {
    /// The usual options for this database file. They assume that a server may be using it, too.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        let cores = thread::available_parallelism().map_or(2, usize::from);
        Self {
            path: path.into(),
            alone: false,
            own_folder: false,
            suspect: false,
            check_within: Duration::from_secs(10),
            readers: cores.clamp(2, 8),
            read_timeout: READ_TIMEOUT,
            write_queue: QueueLimits::default(),
            read_queue: QueueLimits::default(),
            batch: BatchLimits::default(),
            maintenance_interval: Duration::from_secs(60),
            statement_observer: None,
        }
    }
}

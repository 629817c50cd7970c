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
    /// The database file; it is created where there never was one, in a folder that exists.
    pub path: PathBuf,
    /// Whether the opener holds the [`DataDirLock`](super::DataDirLock) of the file's folder for as long as the
    /// storage is open, so that no server uses it. Only then may the storage stand in the way of others on
    /// the same file: to migrate it, or to empty the write-ahead log.
    pub alone: bool,
    /// Whether the file's folder is for the database alone: then it is made only where nothing else is.
    pub own_folder: bool,
    /// Whether the last shutdown was unclean: the file is then looked through for damage.
    pub suspect: bool,
    /// How long opening waits for that. What takes longer goes on beside the commands, and
    /// [`Storage::condition`](groupchat_domain::storage::Storage::condition) tells.
    pub check_within: Duration,
    /// Threads, and connections, that read.
    pub readers: usize,
    /// How long a command that reads may take, and with it each of its statements; zero is no limit.
    pub read_timeout: Duration,
    /// How many commands may wait for the writer.
    pub write_queue: QueueLimits,
    /// How many commands may wait for a reader.
    pub read_queue: QueueLimits,
    /// How long a batch of the writer may become.
    pub batch: BatchLimits,
    /// How often the last uses of keys are stored.
    pub maintenance_interval: Duration,
    /// Is told of each statement of the writer and the readers, for tests that count them.
    pub statement_observer: Option<StatementObserver>,
}

impl SqliteOptions {
    /// The usual options for this database file, which a server may be using too.
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

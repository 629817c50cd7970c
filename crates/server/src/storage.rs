//! Opening the database of a data folder.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use groupchat_domain::storage::EventSink;
use groupchat_infra::clock::SystemClock;
use groupchat_infra::sqlite::{QueueLimits, SqliteOptions, SqliteStorage};

use crate::config::Config;
use crate::error::ProgramError;

/// The database's file name within the data folder.
const DATABASE: &str = "groupchat.db";
/// How many callers it takes to fill a queue.
const CALLERS_IN_QUEUE: usize = 8;

/// Makes the data folder if it isn't there. What is in it is for the server's user alone.
pub fn make_data_dir(path: &Path) -> Result<(), ProgramError> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).map_err(|source| ProgramError::DataDir { path: path.to_owned(), source })
}

/// The database file of a data folder.
pub fn database(data_dir: &Path) -> PathBuf {
    data_dir.join(DATABASE)
}

/// Refuses a folder without a database.
pub fn require_database(data_dir: &Path) -> Result<(), ProgramError> {
    if database(data_dir).is_file() { Ok(()) } else { Err(ProgramError::NoDatabase(data_dir.to_owned())) }
}

/// Opens the database as a server does, which holds the data folder: with its share of threads and its queues.
pub fn open_to_serve(config: &Config, sink: Arc<dyn EventSink>) -> Result<SqliteStorage, ProgramError> {
    let usual = SqliteOptions::new(database(&config.data_dir));
    let queue = QueueLimits {
        total: config.storage_queue,
        per_caller: config.storage_queue / CALLERS_IN_QUEUE,
        ..QueueLimits::default()
    };
    let readers = if config.storage_readers == 0 { usual.readers } else { config.storage_readers };
    let options = SqliteOptions { alone: true, readers, write_queue: queue, read_queue: queue, ..usual };
    Ok(SqliteStorage::open(options, Arc::new(SystemClock), sink)?)
}

/// Opens the database in the data folder, which a server may be using. One that is older than the program is
/// migrated, or refused if a server uses it.
pub fn open(data_dir: &Path, sink: Arc<dyn EventSink>) -> Result<SqliteStorage, ProgramError> {
    Ok(SqliteStorage::open(SqliteOptions::new(database(data_dir)), Arc::new(SystemClock), sink)?)
}

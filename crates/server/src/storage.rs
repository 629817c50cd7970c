//! Opens the database that the configuration names: the embedded one in the data folder, or one on PostgreSQL.

#[cfg(feature = "postgres")]
mod postgres;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use groupchat_domain::storage::EventSink;
use groupchat_domain::time::Timestamp;
use groupchat_infra::check::{Depth, Finding};
use groupchat_infra::clock::SystemClock;
use groupchat_infra::sqlite::{self, DataDirLock, SqliteOptions, SqliteStorage};
use groupchat_infra::{DatabaseStorage, QueueLimits};

use crate::config::Config;
use crate::error::ProgramError;

/// The database's file name within the data folder.
const DATABASE: &str = "groupchat.db";
/// How many callers it takes to fill a queue.
const CALLERS_IN_QUEUE: usize = 8;

/// Which database it is, for a person's eyes.
pub(crate) fn describe(config: &Config) -> String {
    match &config.database_url {
        Some(url) => url.to_string(),
        None => file(config).display().to_string(),
    }
}

/// Takes the data folder for a server, as long as the lock is held. A PostgreSQL server may have several beside each
/// other, and needs no folder.
pub(crate) fn lock_data_dir(config: &Config) -> Result<Option<DataDirLock>, ProgramError> {
    if config.database_url.is_some() {
        return Ok(None);
    }
    create_data_dir(config)?;
    Ok(Some(DataDirLock::acquire(&config.data_dir)?))
}

/// Makes the data folder if it is needed and isn't there. What is in it is for the server's user alone.
pub(crate) fn create_data_dir(config: &Config) -> Result<(), ProgramError> {
    if config.database_url.is_some() {
        return Ok(());
    }
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    let path = &config.data_dir;
    builder.create(path).map_err(|source| ProgramError::DataDir { path: path.clone(), source })
}

/// The file of the embedded database, for what can be done with nothing else.
///
/// # Errors
/// The database is on a PostgreSQL server.
pub(crate) fn embedded(config: &Config) -> Result<PathBuf, ProgramError> {
    match &config.database_url {
        Some(url) => Err(ProgramError::NotEmbedded(url.clone())),
        None => Ok(file(config)),
    }
}

/// Rejects a data folder without a database.
pub(crate) fn require_database(config: &Config) -> Result<(), ProgramError> {
    if config.database_url.is_some() || sqlite::database_exists(&file(config))? {
        Ok(())
    } else {
        Err(ProgramError::NoDatabase(config.data_dir.clone()))
    }
}

/// Opens the database as a server does, which holds the [lock](lock_data_dir) on its folder: with its share of threads
/// and its queues.
pub(crate) fn open_to_serve(
    config: &Config,
    held: Option<&DataDirLock>,
    sink: Arc<dyn EventSink>,
) -> Result<Arc<dyn DatabaseStorage>, ProgramError> {
    let queue = QueueLimits {
        total: config.storage_queue,
        per_caller: config.storage_queue / CALLERS_IN_QUEUE,
        ..QueueLimits::default()
    };
    #[cfg(feature = "postgres")]
    if let Some(url) = &config.database_url {
        return postgres::open_to_serve(config, url, queue, sink);
    }
    let usual = SqliteOptions::new(file(config));
    let readers = if config.storage_readers == 0 { usual.readers } else { config.storage_readers };
    let options = SqliteOptions {
        check_within: config.storage_check_timeout,
        readers,
        read_timeout: config.storage_read_timeout,
        write_queue: queue,
        read_queue: queue,
        ..usual
    };
    let held = held.expect("a server on an embedded database holds the data folder");
    Ok(Arc::new(SqliteStorage::open_to_serve(options, held, Arc::new(SystemClock), sink)?))
}

/// Opens the database, which servers may be using. One that is older than the program is migrated, or rejected if
/// a server uses it.
pub(crate) fn open(
    config: &Config,
    sink: Arc<dyn EventSink>,
) -> Result<Arc<dyn DatabaseStorage>, ProgramError> {
    #[cfg(feature = "postgres")]
    if let Some(url) = &config.database_url {
        return postgres::open(url, sink);
    }
    let options = SqliteOptions { own_folder: true, ..SqliteOptions::new(file(config)) };
    Ok(Arc::new(SqliteStorage::open(options, Arc::new(SystemClock), sink)?))
}

/// Moves the counters of ids on, in a database that no server uses.
pub(crate) fn advance_ids(config: &Config, now: Timestamp) -> Result<(), ProgramError> {
    #[cfg(feature = "postgres")]
    if let Some(url) = &config.database_url {
        return postgres::advance_ids(url, now);
    }
    require_database(config)?;
    let lock = DataDirLock::acquire(&config.data_dir)?;
    Ok(sqlite::advance_ids(&lock, &file(config), now)?)
}

/// Checks the database, which servers may be using, and changes nothing.
pub(crate) fn check(config: &Config, depth: Depth, now: Timestamp) -> Vec<Finding> {
    #[cfg(feature = "postgres")]
    if let Some(url) = &config.database_url {
        return postgres::check(url, depth, now);
    }
    sqlite::check(&file(config), depth, now)
}

/// The database file of a data folder.
pub(crate) fn database(data_dir: &Path) -> PathBuf {
    data_dir.join(DATABASE)
}

fn file(config: &Config) -> PathBuf {
    database(&config.data_dir)
}

//! The embedded database of a data directory.

use std::path::Path;
use std::sync::Arc;

use groupchat_infra::clock::SystemClock;
use groupchat_infra::sqlite::{DataDirLock, SqliteOptions, SqliteStorage};

use super::engine::Engine;
use super::opened::{Database, Nobody};
use crate::error::BenchError;

/// The database's file, as the server names it.
pub(super) const FILE_NAME: &str = "groupchat.db";

/// Opens the database of a data directory; both are made if they are missing.
pub(super) fn open(data_dir: &Path) -> Result<Database, BenchError> {
    std::fs::create_dir_all(data_dir)
        .map_err(|source| BenchError::io(format!("creating {}", data_dir.display()), source))?;
    let lock = DataDirLock::acquire(data_dir).map_err(|error| BenchError::Open(error.to_string()))?;
    let options = SqliteOptions { alone: true, ..SqliteOptions::new(data_dir.join(FILE_NAME)) };
    let storage = SqliteStorage::open(options, Arc::new(SystemClock), Arc::new(Nobody))
        .map_err(|error| BenchError::Open(error.to_string()))?;
    Ok(Database { storage: Box::new(storage), engine: Engine::Sqlite, family: None, _lock: Some(lock) })
}

//! Opening the database of a data folder.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use groupchat_domain::storage::EventSink;
use groupchat_infra::clock::SystemClock;
use groupchat_infra::sqlite::{SqliteOptions, SqliteStorage};

use crate::error::ProgramError;

/// The database's file name within the data folder.
const DATABASE: &str = "groupchat.db";

/// Makes the data folder if it isn't there. What is in it is for the server's user alone.
pub fn make_data_dir(path: &Path) -> Result<(), ProgramError> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).map_err(|source| ProgramError::DataDir { path: path.to_owned(), source })
}

/// Opens the database in the data folder, migrating it if it is older than the program.
pub fn open(data_dir: &Path, sink: Arc<dyn EventSink>) -> Result<SqliteStorage, ProgramError> {
    let path: PathBuf = data_dir.join(DATABASE);
    Ok(SqliteStorage::open(SqliteOptions::new(path), Arc::new(SystemClock), sink)?)
}

//! Opens connections, each set up for its purpose.

use std::path::Path;
use std::time::Duration;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;

use super::error::OpenError;
use super::shrink;

/// The purpose of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ConnectionPurpose {
    /// Migrates the schema.
    Migrate,
    /// Writes. There is only one.
    Write,
    /// Reads. SQLite refuses to write through it.
    Read,
    /// Makes checkpoints of the write-ahead log.
    Checkpoint,
}

impl ConnectionPurpose {
    /// How long to wait for a lock. Other commands of the program write only briefly; a checkpoint blocks the writer
    /// while it waits for readers.
    const fn busy_timeout(self) -> Duration {
        match self {
            Self::Migrate => Duration::from_secs(30),
            Self::Write | Self::Read => Duration::from_secs(5),
            Self::Checkpoint => Duration::from_millis(50),
        }
    }

    const fn pragmas(self) -> &'static str {
        match self {
            // Rebuilding a parent table inside a transaction would otherwise delete the rows that refer to it.
            // Changing many rows accesses indexes at random, so the cache is large. Its memory is freed with the
            // connection.
            Self::Migrate => "PRAGMA foreign_keys = OFF; PRAGMA cache_size = -65536;",
            // The writer makes no checkpoints. A log that grew long is truncated when it starts over. Deleted data is
            // overwritten where its page is written anyway.
            Self::Write => {
                "PRAGMA foreign_keys = ON; PRAGMA wal_autocheckpoint = 0; PRAGMA secure_delete = FAST; \
                 PRAGMA journal_size_limit = 67108864; PRAGMA cache_size = -8192;"
            }
            Self::Read => "PRAGMA query_only = ON;",
            Self::Checkpoint => "PRAGMA wal_autocheckpoint = 0;",
        }
    }
}

/// Opens the database file, creating an empty one if there is none.
///
/// # Errors
/// [`OpenError`].
pub(super) fn open(path: &Path, purpose: ConnectionPurpose) -> Result<SqliteConnection, OpenError> {
    let url = path.to_str().ok_or_else(|| OpenError::NotUnicode(path.to_owned()))?;
    let mut connection =
        SqliteConnection::establish(url).map_err(|error| OpenError::from_reason(path, &error.to_string()))?;
    // The timeout comes first, because the switch to WAL needs a lock. macOS only syncs to the disk with `fullfsync`.
    let is_new = path.metadata().is_ok_and(|file| file.len() == 0);
    let pragmas = format!(
        "PRAGMA busy_timeout = {}; {} PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
         PRAGMA fullfsync = ON; PRAGMA temp_store = MEMORY; {}",
        purpose.busy_timeout().as_millis(),
        if is_new { shrink::PREPARE } else { "" },
        purpose.pragmas(),
    );
    connection.batch_execute(&pragmas).map_err(|error| OpenError::from_reason(path, &error.to_string()))?;
    Ok(connection)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &[u8] = b"nobody is to read this again";

    #[test]
    fn deleted_data_does_not_stay_in_pages_in_use() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("chat.db");
        let mut writer = open(&path, ConnectionPurpose::Write).unwrap();
        let stored = |writer: &mut SqliteConnection, change: &str| {
            writer.batch_execute(&format!("{change}; PRAGMA wal_checkpoint(TRUNCATE);")).unwrap();
            std::fs::read(&path).unwrap().windows(SECRET.len()).any(|bytes| bytes == SECRET)
        };
        let secret = str::from_utf8(SECRET).unwrap();
        let insert = format!(
            "CREATE TABLE notes (text TEXT NOT NULL); INSERT INTO notes VALUES ('{secret}'), ('kept')"
        );
        assert!(stored(&mut writer, &insert));
        assert!(!stored(&mut writer, "DELETE FROM notes WHERE text <> 'kept'"));
    }
}

//! Opens connections, each set up for its purpose.

use std::path::Path;
use std::time::Duration;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;

use super::error::OpenError;

/// What a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ConnectionPurpose {
    /// Migrates the schema.
    Migrate,
    /// The only one that writes.
    Write,
    /// Reads; SQLite refuses to write through it.
    Read,
    /// Checkpoints the write-ahead log.
    Checkpoint,
}

impl ConnectionPurpose {
    /// How long to wait for a lock that another holds. Other commands of the program write briefly; a checkpoint
    /// holds up the writer while it waits for readers.
    const fn busy_timeout(self) -> Duration {
        match self {
            Self::Migrate => Duration::from_secs(30),
            Self::Write | Self::Read => Duration::from_secs(5),
            Self::Checkpoint => Duration::from_millis(50),
        }
    }

    const fn pragmas(self) -> &'static str {
        match self {
            // Rebuilding a parent table inside a transaction would empty its cascading children.
            // Changing many rows walks the indexes at random; the memory is given back with the connection.
            Self::Migrate => "PRAGMA foreign_keys = OFF; PRAGMA cache_size = -65536;",
            // Checkpoints are not the writer's; a log that once grew long is cut back when it starts over. What
            // is deleted is overwritten where its page is written anyway.
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
/// [`OpenError`], in words for people.
pub(super) fn open(path: &Path, purpose: ConnectionPurpose) -> Result<SqliteConnection, OpenError> {
    let url = path.to_str().ok_or_else(|| OpenError::NotUnicode(path.to_owned()))?;
    let mut connection =
        SqliteConnection::establish(url).map_err(|error| OpenError::from_reason(path, &error.to_string()))?;
    // The timeout comes first: the switch to WAL needs a lock. macOS syncs as far as the disk only if told.
    let pragmas = format!(
        "PRAGMA busy_timeout = {}; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
         PRAGMA fullfsync = ON; PRAGMA temp_store = MEMORY; {}",
        purpose.busy_timeout().as_millis(),
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
    fn what_is_deleted_does_not_stay_in_a_page_that_lives_on() {
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

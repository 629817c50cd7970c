//! SQLite's part of a copy.

use std::fs::{self, DirBuilder};
use std::path::{Path, PathBuf};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::Text;

use super::backend::{Backend, EndpointSession};
use super::endpoint::Side;
use super::error::TransferError;
use crate::sqlite::detection::{self, Detected};
use crate::sqlite::staged_file::folder;
use crate::sqlite::{DataDirLock, DataDirLockError, OpenError, create, inspect, migrate};

/// The data folders that are locked until the copy is done, so that no server uses them.
#[derive(Default)]
pub(super) struct HeldFolders(Vec<(PathBuf, DataDirLock)>);

impl HeldFolders {
    /// Locks the folder of a file. Both files may be in the same folder.
    fn hold(&mut self, file: &Path, side: Side) -> Result<(), TransferError> {
        let missing = |_| OpenError::Missing(file.to_owned());
        let folder = fs::canonicalize(folder(file)).map_err(missing)?;
        if self.0.iter().any(|(held, _)| *held == folder) {
            return Ok(());
        }
        let lock = DataDirLock::acquire(&folder).map_err(|error| match error {
            DataDirLockError::Taken(_) => TransferError::InUse(side),
            unwritable => unwritable.into(),
        })?;
        self.0.push((folder, lock));
        Ok(())
    }
}

/// Opens the database to copy. Until the connection ends, neither a server nor another command writes to it.
///
/// # Errors
/// [`TransferError`]
pub(super) fn open_source(path: &Path, folders: &mut HeldFolders) -> Result<EndpointSession, TransferError> {
    folders.hold(path, Side::Source)?;
    let mut connection = inspect::open(path)?;
    let schema = migrate::schema_version(&mut connection, path)?;
    if schema.pending > 0 {
        return Err(TransferError::Outdated(schema.found));
    }
    let busy = |error: diesel::result::Error| OpenError::from_reason(path, &error.to_string());
    connection.batch_execute("BEGIN IMMEDIATE").map_err(busy)?;
    Ok(EndpointSession::Sqlite(Box::new(connection)))
}

/// Opens the file that becomes the copy. Creates an empty one if it doesn't exist.
///
/// # Errors
/// [`TransferError`]
pub(super) fn open_target(path: &Path, folders: &mut HeldFolders) -> Result<EndpointSession, TransferError> {
    let unwritable =
        |error: std::io::Error| OpenError::Unwritable { path: path.to_owned(), reason: error.to_string() };
    make_folder(folder(path)).map_err(unwritable)?;
    folders.hold(path, Side::Target)?;
    if detection::detect(path)? == Detected::Nothing {
        create::create(path)?;
    }
    Ok(EndpointSession::Sqlite(Box::new(inspect::open(path)?)))
}

/// The folder's contents are private to the server's user.
fn make_folder(path: &Path) -> std::io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

#[derive(QueryableByName)]
struct Name {
    #[diesel(sql_type = Text)]
    name: String,
}

#[derive(QueryableByName)]
struct Trigger {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    sql: String,
}

/// For many rows: a rollback journal, which stays nearly empty, writes them once. A write-ahead log would write them
/// twice.
const BULK: &str = "PRAGMA journal_mode = DELETE; PRAGMA synchronous = FULL; PRAGMA fullfsync = ON; \
                    PRAGMA foreign_keys = ON; PRAGMA cache_size = -65536";

impl Backend for SqliteConnection {
    fn claim_target(&mut self) -> Result<(), TransferError> {
        // Its folder is locked.
        Ok(())
    }

    fn migrate(&mut self) -> Result<(), TransferError> {
        let path = PathBuf::from(self.identity().map_err(TransferError::at(Side::Target, "read"))?);
        migrate::migrate(&path)?;
        let failed = |error: diesel::result::Error| OpenError::from_reason(&path, &error.to_string());
        Ok(self.batch_execute(BULK).map_err(failed)?)
    }

    fn begin_alone(&mut self, _tables: &[&str]) -> QueryResult<()> {
        self.batch_execute("BEGIN IMMEDIATE")
    }

    fn identity(&mut self) -> QueryResult<String> {
        let file = diesel::sql_query("SELECT file AS name FROM pragma_database_list WHERE name = 'main'");
        file.get_result(self).map(|row: Name| row.name)
    }

    fn tables(&mut self) -> QueryResult<Vec<String>> {
        let tables: Vec<Name> = diesel::sql_query(
            "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite!_%' ESCAPE '!'",
        )
        .load(self)?;
        Ok(tables.into_iter().map(|table| table.name).collect())
    }

    fn head(&mut self, table: &str) -> QueryResult<i64> {
        let head = format!(
            "SELECT max(coalesce((SELECT seq FROM sqlite_sequence WHERE name = '{table}'), 0), \
                        coalesce((SELECT max(id) FROM {table}), 0)) AS number"
        );
        inspect::number(self, &head)
    }

    fn set_head(&mut self, table: &str, head: i64) -> QueryResult<()> {
        let set = format!(
            "DELETE FROM sqlite_sequence WHERE name = '{table}'; \
             INSERT INTO sqlite_sequence (name, seq) VALUES ('{table}', {head})"
        );
        self.batch_execute(&set)
    }

    fn clear(&mut self, tables: &[&str]) -> QueryResult<()> {
        for table in tables.iter().rev() {
            self.batch_execute(&format!("DELETE FROM {table}"))?;
        }
        Ok(())
    }

    fn suspend_triggers(&mut self, table: &str) -> QueryResult<String> {
        let triggers: Vec<Trigger> =
            diesel::sql_query("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = ?")
                .bind::<Text, _>(table)
                .load(self)?;
        for Trigger { name, .. } in &triggers {
            self.batch_execute(&format!("DROP TRIGGER {name}"))?;
        }
        Ok(triggers.into_iter().map(|trigger| trigger.sql + ";").collect())
    }

    fn settle(&mut self) -> QueryResult<()> {
        Ok(())
    }
}

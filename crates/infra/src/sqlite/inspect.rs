//! Examines a database file that a storage may be using: nothing is migrated or created.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use super::detection::{self, Detected};
use super::error::OpenError;
use super::log_state;
use super::migrate;

/// How long to wait for a lock.
const BUSY_TIMEOUT: Duration = Duration::from_secs(30);

/// What a database holds, at one point in time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contents {
    /// The newest migration of its schema.
    pub schema: String,
    /// The position of the newest event.
    pub event_head: i64,
    /// How many rows each table has, by its name.
    pub rows: BTreeMap<String, u64>,
    /// Whether it has secrets that only the server's keys open.
    pub has_secrets: bool,
}

impl Contents {
    /// How many rows the table has; 0 if there is no such table.
    pub fn rows_of(&self, table: &str) -> u64 {
        self.rows.get(table).copied().unwrap_or_default()
    }
}

/// Opens an existing file without changing its schema or journal mode. Never lets SQLite open a file that it would
/// treat as a new database.
///
/// # Errors
/// [`OpenError`].
pub(crate) fn open(path: &Path) -> Result<SqliteConnection, OpenError> {
    if detection::detect(path)? == Detected::Nothing {
        return Err(OpenError::Missing(path.to_owned()));
    }
    let url = path.to_str().ok_or_else(|| OpenError::NotUnicode(path.to_owned()))?;
    let failed = |reason: String| OpenError::from_reason(path, &reason);
    let mut connection = SqliteConnection::establish(url).map_err(|error| failed(error.to_string()))?;
    let pragmas = format!("PRAGMA busy_timeout = {}", BUSY_TIMEOUT.as_millis());
    connection.batch_execute(&pragmas).map_err(|error| failed(error.to_string()))?;
    Ok(connection)
}

/// Opens a file that nobody uses and leaves it and its folder as they are: SQLite makes no file beside it and takes no
/// lock.
///
/// # Errors
/// [`OpenError`].
pub(super) fn open_unchanged(path: &Path) -> Result<SqliteConnection, OpenError> {
    if detection::detect(path)? == Detected::Nothing {
        return Err(OpenError::Missing(path.to_owned()));
    }
    let name = path.to_str().ok_or_else(|| OpenError::NotUnicode(path.to_owned()))?;
    // RFC 3986, section 2.1: these would end the path, or begin an escape.
    let name = name.replace('%', "%25").replace('?', "%3f").replace('#', "%23");
    SqliteConnection::establish(&format!("file:{name}?mode=ro&immutable=1"))
        .map_err(|error| OpenError::from_reason(path, &error.to_string()))
}

/// Makes the connection read-only.
///
/// # Errors
/// The failure of the statement.
pub(super) fn only_read(connection: &mut SqliteConnection) -> QueryResult<()> {
    connection.batch_execute("PRAGMA query_only = ON")
}

/// Counts what the database contains. `path` is for error messages.
///
/// # Errors
/// [`OpenError`]: not a groupchat database, a newer or incomplete one, or the failure of a statement.
pub(super) fn contents(connection: &mut SqliteConnection, path: &Path) -> Result<Contents, OpenError> {
    let schema = migrate::schema_version(connection, path)?.found;
    log_state::refuse_unfinished(connection, path)?;
    let failed = |error: diesel::result::Error| OpenError::from_reason(path, &error.to_string());
    let event_head = log_state::read_head(connection).map_err(failed)?.get();
    let rows = count_rows(connection).map_err(failed)?;
    let has_secrets = has_secrets(connection, &rows).map_err(failed)?;
    Ok(Contents { schema, event_head, rows, has_secrets })
}

/// Whether a secret is encrypted in one of the tables, of which an older schema lacks some.
fn has_secrets(connection: &mut SqliteConnection, tables: &BTreeMap<String, u64>) -> QueryResult<bool> {
    for table in ["totp", "polls"].into_iter().filter(|table| tables.contains_key(*table)) {
        let exists = format!("SELECT EXISTS (SELECT 1 FROM {table} WHERE key_id IS NOT NULL) AS number");
        if number(connection, &exists)? == 1 {
            return Ok(true);
        }
    }
    Ok(false)
}

#[derive(QueryableByName)]
struct Table {
    #[diesel(sql_type = Text)]
    name: String,
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

fn count_rows(connection: &mut SqliteConnection) -> QueryResult<BTreeMap<String, u64>> {
    let tables: Vec<Table> = diesel::sql_query(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite!_%' ESCAPE '!'",
    )
    .load(connection)?;
    let count = |Table { name }| {
        let quoted = name.replace('"', "\"\"");
        let rows = number(connection, &format!("SELECT count(*) AS number FROM \"{quoted}\""))?;
        Ok((name, rows.unsigned_abs()))
    };
    tables.into_iter().map(count).collect()
}

/// Runs a query with one integer column named `number`.
///
/// # Errors
/// The failure of the statement.
pub(crate) fn number(connection: &mut SqliteConnection, query: &str) -> QueryResult<i64> {
    diesel::sql_query(query).get_result(connection).map(|row: Number| row.number)
}

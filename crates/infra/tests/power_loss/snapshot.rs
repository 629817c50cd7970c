//! Everything that is stored, as numbers that tell one state from another.

use std::collections::BTreeMap;
use std::path::Path;

use diesel::prelude::*;
use diesel::sql_types::Text;
use sha2::{Digest, Sha256};

/// Tables that say nothing about what users have stored: a probe, the log's epoch, which a start creates, and when
/// migrations were made.
const LEFT_OUT: [&str; 3] = ["storage_probe", "log_state", "__diesel_schema_migrations"];

/// Those that SQLite makes are left out, but for the id counters.
const TABLES: &str = "SELECT name AS line FROM sqlite_schema \
    WHERE type = 'table' AND (name NOT LIKE 'sqlite_%' OR name = 'sqlite_sequence')";

/// The rows of each table: how many, and a hash of all.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub(crate) struct Snapshot(BTreeMap<String, (usize, [u8; 32])>);

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

fn lines(connection: &mut SqliteConnection, query: &str) -> QueryResult<Vec<String>> {
    let lines = diesel::sql_query(query).load(connection)?;
    Ok(lines.into_iter().map(|Line { line }| line).collect())
}

/// A connection beside the server's.
pub(crate) fn connect(database: &Path) -> SqliteConnection {
    SqliteConnection::establish(database.to_str().unwrap()).expect("the database can be opened")
}

impl Snapshot {
    /// Reads every table of a database that is open elsewhere.
    ///
    /// # Errors
    /// The failure of a statement.
    pub(crate) fn of(connection: &mut SqliteConnection) -> QueryResult<Self> {
        let tables = lines(connection, TABLES)?;
        let mut snapshot = Self::default();
        for table in tables.into_iter().filter(|table| !LEFT_OUT.contains(&table.as_str())) {
            let columns =
                lines(connection, &format!("SELECT name AS line FROM pragma_table_info('{table}')"))?;
            let quoted: Vec<_> = columns.iter().map(|column| format!("quote(\"{column}\")")).collect();
            let line = quoted.join(" || '|' || ");
            let rows = lines(connection, &format!("SELECT {line} AS line FROM \"{table}\" ORDER BY 1"))?;
            let digest = Sha256::digest(rows.join("\n"));
            snapshot.0.insert(table, (rows.len(), digest.into()));
        }
        Ok(snapshot)
    }

    /// How many rows each table has that differs.
    pub(crate) fn differences(&self, other: &Self) -> Vec<String> {
        let rows = |snapshot: &Self, table: &str| snapshot.0.get(table).map_or(0, |(rows, _)| *rows);
        let differ = self.0.keys().filter(|table| self.0.get(*table) != other.0.get(*table));
        differ.map(|table| format!("{table}: {} rows, {}", rows(self, table), rows(other, table))).collect()
    }
}

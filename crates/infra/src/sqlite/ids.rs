//! The id counters. AUTOINCREMENT keeps them in `sqlite_sequence`, one row for each table that has ever had a row.

use std::collections::BTreeMap;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use groupchat_domain::ids::head_after_restore;
use groupchat_domain::time::Timestamp;

use super::inspect::number;

/// The highest ids of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Head {
    /// The highest id that was assigned.
    pub(super) counter: i64,
    /// The highest id that is stored. It exceeds the counter only if the database was tampered with.
    pub(super) stored: i64,
}

/// The heads by the names of their tables.
pub(super) type Heads = BTreeMap<String, Head>;

#[derive(QueryableByName)]
struct Counter {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = BigInt)]
    counter: i64,
}

/// The counters of all tables with ids, whatever migrations have created.
const COUNTERS: &str = "\
    SELECT tables.name, coalesce(max(sequences.seq), 0) AS counter FROM sqlite_schema AS tables \
        LEFT JOIN sqlite_sequence AS sequences ON sequences.name = tables.name \
    WHERE type = 'table' AND upper(sql) LIKE '%AUTOINCREMENT%' GROUP BY tables.name";

/// Reads the heads.
///
/// # Errors
/// The failure of a statement.
pub(super) fn heads(connection: &mut SqliteConnection) -> QueryResult<Heads> {
    let counters: Vec<Counter> = diesel::sql_query(COUNTERS).load(connection)?;
    let head = |Counter { name, counter }| {
        let query = format!("SELECT coalesce(max(rowid), 0) AS number FROM {}", quoted(&name));
        let stored = number(connection, &query)?;
        Ok((name, Head { counter, stored }))
    };
    counters.into_iter().map(head).collect()
}

/// Advances every counter, except that of the log, to ids that were not assigned before: neither by this database nor
/// by other databases made from it, as far as they are known (`others`). Positions of the log have no gap; the log's
/// epoch distinguishes new ones from earlier ones.
///
/// # Errors
/// The failure of a statement, or no ids are left.
pub(super) fn advance(connection: &mut SqliteConnection, others: &Heads, now: Timestamp) -> QueryResult<()> {
    for (table, head) in heads(connection)? {
        if table == "events" {
            continue;
        }
        let other = others.get(&table).map_or(0, |other| other.counter.max(other.stored));
        let greatest = head.counter.max(head.stored).max(other);
        let next = head_after_restore(greatest, now).ok_or_else(|| {
            diesel::result::Error::QueryBuilderError(format!("the ids of {table} are used up").into())
        })?;
        let name = table.replace('\'', "''");
        connection.batch_execute(&format!(
            "DELETE FROM sqlite_sequence WHERE name = '{name}'; \
             INSERT INTO sqlite_sequence (name, seq) VALUES ('{name}', {next})"
        ))?;
    }
    Ok(())
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

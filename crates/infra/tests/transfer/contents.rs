//! Everything that a database holds, as lines of text that are alike for both kinds. Written without a look at how
//! copies are made.

use std::collections::BTreeMap;

use diesel::prelude::*;
use diesel::sql_types::Text;
use groupchat_infra::transfer::Endpoint;

use crate::endpoints::sqlite;

/// Tables that are not copied.
const NOT_COPIED: [&str; 2] = ["log_state", "__diesel_schema_migrations"];

/// What a copy tells of itself.
const MIGRATED: &str = "'database.migrated'";

/// What a database holds.
#[derive(Debug)]
pub(crate) struct Contents {
    /// The rows of each table, as SQL would write them, sorted.
    pub rows: BTreeMap<String, Vec<String>>,
    /// The last id that each table has given out or reserved, if there is one.
    pub heads: BTreeMap<String, String>,
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

/// What the query gives as `line`, row by row.
pub(crate) fn lines(endpoint: &Endpoint, query: &str) -> Vec<String> {
    let lines: Vec<Line> = match endpoint {
        Endpoint::Sqlite(_) => diesel::sql_query(query).load(&mut sqlite(endpoint)).unwrap(),
        #[cfg(feature = "postgres")]
        Endpoint::Postgres(url) => {
            diesel::sql_query(query).load(&mut PgConnection::establish(url).unwrap()).unwrap()
        }
        #[cfg(not(feature = "postgres"))]
        Endpoint::Postgres(_) => panic!("a file"),
    };
    lines.into_iter().map(|line| line.line).collect()
}

/// The one text that the query gives as `line`.
pub(crate) fn ask(endpoint: &Endpoint, query: &str) -> String {
    let lines = lines(endpoint, query);
    assert_eq!(lines.len(), 1, "{query}");
    lines.into_iter().next().unwrap()
}

/// The epoch of the event log.
pub(crate) fn epoch(endpoint: &Endpoint) -> String {
    ask(endpoint, "SELECT epoch AS line FROM log_state")
}

impl Contents {
    pub(crate) fn of(endpoint: &Endpoint) -> Self {
        let (tables, columns, heads) = match endpoint {
            Endpoint::Sqlite(_) => (SQLITE_TABLES, SQLITE_COLUMNS, SQLITE_HEADS),
            Endpoint::Postgres(_) => (POSTGRES_TABLES, POSTGRES_COLUMNS, POSTGRES_HEADS),
        };
        let mut rows = BTreeMap::new();
        for table in lines(endpoint, tables) {
            if NOT_COPIED.contains(&table.as_str()) {
                continue;
            }
            let mut columns = lines(endpoint, &columns.replace("$TABLE", &table));
            // The audit log of a copy has one entry more.
            columns.retain(|column| table != "audit_state" || !column.contains("newest"));
            let line = columns.join(" || ', ' || ");
            let mut found = lines(endpoint, &format!("SELECT {line} AS line FROM {table}"));
            found.retain(|line| table != "audit_log" || !line.contains(MIGRATED));
            found.sort();
            rows.insert(table, found);
        }
        let heads = lines(endpoint, heads);
        let heads = heads.iter().map(|line| line.split_once(' ').unwrap());
        let heads = heads.map(|(table, head)| (table.to_owned(), head.to_owned())).collect();
        Self { rows, heads }
    }
}

impl Contents {
    /// Fails unless the other database holds the same, and shows the first rows that differ.
    #[track_caller]
    pub(crate) fn assert_same(&self, other: &Self) {
        assert!(self.rows.keys().eq(other.rows.keys()), "{:?} {:?}", self.rows.keys(), other.rows.keys());
        for (table, rows) in &self.rows {
            let differ = rows.iter().zip(&other.rows[table]).find(|(ours, theirs)| ours != theirs);
            assert_eq!(differ, None, "{table}");
            assert_eq!(rows.len(), other.rows[table].len(), "{table}");
        }
        assert_eq!(self.heads, other.heads);
    }
}

const SQLITE_TABLES: &str =
    "SELECT name AS line FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'";

/// Columns as expressions of text, by name.
const SQLITE_COLUMNS: &str =
    "SELECT 'quote(' || name || ')' AS line FROM pragma_table_xinfo('$TABLE') ORDER BY name";

const SQLITE_HEADS: &str =
    "SELECT name || ' ' || seq AS line FROM sqlite_sequence WHERE seq > 0 ORDER BY name";

const POSTGRES_TABLES: &str = "SELECT tablename::text AS line FROM pg_tables WHERE schemaname = 'public'";

const POSTGRES_COLUMNS: &str = "\
    SELECT format(CASE data_type \
        WHEN 'bigint' THEN 'coalesce(%1$I::text, ''NULL'')' \
        WHEN 'boolean' THEN 'coalesce(%1$I::int::text, ''NULL'')' \
        WHEN 'bytea' THEN 'coalesce(''X'''''' || upper(encode(%1$I, ''hex'')) || '''''''', ''NULL'')' \
        WHEN 'text' THEN 'coalesce('''''''' || replace(%1$I, '''''''', '''''''''''') || '''''''', ''NULL'')' \
        END, column_name) AS line \
    FROM information_schema.columns WHERE table_schema = 'public' AND table_name = '$TABLE' \
    ORDER BY column_name COLLATE \"C\"";

const POSTGRES_HEADS: &str = "\
    SELECT replace(sequencename, '_id_seq', '') || ' ' || coalesce(last_value, start_value - 1) AS line \
    FROM pg_sequences WHERE coalesce(last_value, start_value - 1) > 0 ORDER BY 1";

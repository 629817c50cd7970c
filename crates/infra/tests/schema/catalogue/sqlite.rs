//! The catalogue of SQLite: `sqlite_schema`, and the pragmas as tables.

use diesel::prelude::*;

use super::catalogue;

/// An integer primary key is never NULL, though SQLite doesn't say so.
const COLUMNS: &str = "
    SELECT t.name AS table_name, c.name, lower(c.type) AS kind,
           NOT c.\"notnull\" AND c.pk = 0 AS nullable, c.pk AS key_place,
           c.pk = 1 AND t.sql LIKE '%AUTOINCREMENT%' AS numbered
    FROM sqlite_schema t JOIN pragma_table_xinfo(t.name) c
    WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
      AND t.name <> '__diesel_schema_migrations'";

const FOREIGN_KEYS: &str = "
    SELECT t.name AS table_name, k.\"from\" AS name, k.\"table\" AS target_table, k.\"to\" AS target_column,
           lower(k.on_delete) AS on_delete
    FROM sqlite_schema t JOIN pragma_foreign_key_list(t.name) k
    WHERE t.type = 'table'";

/// The condition is only in the text of the statement that made the index.
const INDEXES: &str = "
    SELECT t.name AS table_name, i.\"unique\" AS is_unique,
           (SELECT group_concat(coalesce(x.name, 'an expression')
                                || CASE WHEN x.\"desc\" THEN ' desc' ELSE '' END, ', ' ORDER BY x.seqno)
            FROM pragma_index_xinfo(i.name) x WHERE x.key) AS columns,
           CASE WHEN i.partial THEN substr(s.sql, instr(s.sql, ' WHERE ') + 7) END AS condition
    FROM sqlite_schema t JOIN pragma_index_list(t.name) i
    LEFT JOIN sqlite_schema s ON s.type = 'index' AND s.name = i.name
    WHERE t.type = 'table' AND i.origin <> 'pk' AND t.name <> '__diesel_schema_migrations'";

/// They are only in the text of the statement that made the table.
const CHECKS: &str = "
    SELECT name AS table_name, (length(sql) - length(replace(sql, ' CHECK (', ''))) / 8 AS checks
    FROM sqlite_schema WHERE type = 'table' AND sql LIKE '% CHECK (%'";

const TRIGGERS: &str = "SELECT tbl_name AS table_name, name FROM sqlite_schema WHERE type = 'trigger'";

catalogue!(SqliteConnection: COLUMNS, FOREIGN_KEYS, INDEXES, CHECKS, TRIGGERS);

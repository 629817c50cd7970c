//! The catalogue of PostgreSQL. `information_schema` knows no partial indexes, so it is `pg_catalog` throughout.

use diesel::prelude::*;

use super::catalogue;

/// SQLite's integers hold booleans and 64 bits. An `indkey` is numbered from 0.
const COLUMNS: &str = "
    SELECT t.relname::text AS table_name, a.attname::text AS name,
           CASE format_type(a.atttypid, a.atttypmod)
               WHEN 'bigint' THEN 'integer' WHEN 'boolean' THEN 'integer' WHEN 'bytea' THEN 'blob'
               WHEN 'integer' THEN 'integer of 32 bits' ELSE format_type(a.atttypid, a.atttypmod)
           END AS kind,
           NOT a.attnotnull AS nullable,
           coalesce(array_position(k.indkey::int2[], a.attnum) + 1, 0)::bigint AS key_place,
           a.attidentity <> '' AS numbered
    FROM pg_class t JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped
    LEFT JOIN pg_index k ON k.indrelid = t.oid AND k.indisprimary
    WHERE t.relkind = 'r' AND t.relnamespace = 'public'::regnamespace
      AND t.relname <> '__diesel_schema_migrations'";

const FOREIGN_KEYS: &str = "
    SELECT k.conrelid::regclass::text AS table_name, a.attname::text AS name,
           k.confrelid::regclass::text AS target_table, b.attname::text AS target_column,
           CASE k.confdeltype WHEN 'a' THEN 'no action' WHEN 'c' THEN 'cascade' ELSE k.confdeltype::text END AS on_delete
    FROM pg_constraint k, unnest(k.conkey, k.confkey) AS pair (mine, theirs), pg_attribute a, pg_attribute b
    WHERE k.contype = 'f' AND k.connamespace = 'public'::regnamespace
      AND a.attrelid = k.conrelid AND a.attnum = pair.mine
      AND b.attrelid = k.confrelid AND b.attnum = pair.theirs";

const INDEXES: &str = "
    SELECT t.relname::text AS table_name, i.indisunique AS is_unique,
           (SELECT string_agg(CASE i.indkey[place - 1] WHEN 0 THEN 'an expression'
                                   ELSE pg_get_indexdef(i.indexrelid, place, false) END
                              || CASE WHEN i.indoption[place - 1] & 1 = 1 THEN ' desc' ELSE '' END,
                              ', ' ORDER BY place)
            FROM generate_series(1, i.indnkeyatts) AS place) AS columns,
           pg_get_expr(i.indpred, i.indrelid) AS condition
    FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid
    WHERE t.relnamespace = 'public'::regnamespace AND NOT i.indisprimary";

/// What makes a boolean of a number on SQLite is a CHECK there.
const CHECKS: &str = "
    SELECT relation::regclass::text AS table_name, count(*) AS checks
    FROM (SELECT conrelid FROM pg_constraint WHERE contype = 'c' AND connamespace = 'public'::regnamespace
          UNION ALL
          SELECT a.attrelid FROM pg_attribute a JOIN pg_class t ON t.oid = a.attrelid
          WHERE a.atttypid = 'boolean'::regtype AND t.relkind = 'r'
            AND t.relnamespace = 'public'::regnamespace) AS rule (relation)
    GROUP BY relation";

const TRIGGERS: &str = "
    SELECT tgrelid::regclass::text AS table_name, tgname::text AS name FROM pg_trigger WHERE NOT tgisinternal";

catalogue!(PgConnection: COLUMNS, FOREIGN_KEYS, INDEXES, CHECKS, TRIGGERS);

//! Reads the schema of a database from its own catalogue.

#[cfg(feature = "postgres")]
mod postgres;
mod sqlite;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Nullable, Text};

use crate::shape::{Column, ForeignKey, Index, Shape};

/// A database whose catalogue can be read: the queries whose columns are those of the rows below.
pub(crate) trait Catalogue {
    /// Every column of every table that a migration has made.
    fn columns(&mut self) -> Vec<ColumnRow>;
    /// Every column that refers to another table.
    fn foreign_keys(&mut self) -> Vec<ForeignKeyRow>;
    /// Every index but those of primary keys.
    fn indexes(&mut self) -> Vec<IndexRow>;
    /// The CHECKs of the tables that have some.
    fn checks(&mut self) -> Vec<ChecksRow>;
    /// Every trigger.
    fn triggers(&mut self) -> Vec<TriggerRow>;
}

/// Implements [`Catalogue`] by queries.
macro_rules! catalogue {
    ($connection:ty: $columns:ident, $foreign_keys:ident, $indexes:ident, $checks:ident, $triggers:ident) => {
        impl $crate::catalogue::Catalogue for $connection {
            fn columns(&mut self) -> Vec<$crate::catalogue::ColumnRow> {
                diesel::sql_query($columns).load(self).unwrap()
            }
            fn foreign_keys(&mut self) -> Vec<$crate::catalogue::ForeignKeyRow> {
                diesel::sql_query($foreign_keys).load(self).unwrap()
            }
            fn indexes(&mut self) -> Vec<$crate::catalogue::IndexRow> {
                diesel::sql_query($indexes).load(self).unwrap()
            }
            fn checks(&mut self) -> Vec<$crate::catalogue::ChecksRow> {
                diesel::sql_query($checks).load(self).unwrap()
            }
            fn triggers(&mut self) -> Vec<$crate::catalogue::TriggerRow> {
                diesel::sql_query($triggers).load(self).unwrap()
            }
        }
    };
}
use catalogue;

/// A column of a table.
#[derive(QueryableByName)]
pub(crate) struct ColumnRow {
    #[diesel(sql_type = Text)]
    table_name: String,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Bool)]
    nullable: bool,
    /// Its place in the primary key, from 1; 0 if it is not in it.
    #[diesel(sql_type = BigInt)]
    key_place: i64,
    #[diesel(sql_type = Bool)]
    numbered: bool,
}

/// A column that refers to another table.
#[derive(QueryableByName)]
pub(crate) struct ForeignKeyRow {
    #[diesel(sql_type = Text)]
    table_name: String,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    target_table: String,
    #[diesel(sql_type = Text)]
    target_column: String,
    #[diesel(sql_type = Text)]
    on_delete: String,
}

/// An index.
#[derive(QueryableByName)]
pub(crate) struct IndexRow {
    #[diesel(sql_type = Text)]
    table_name: String,
    #[diesel(sql_type = Text)]
    columns: String,
    #[diesel(sql_type = Bool)]
    is_unique: bool,
    #[diesel(sql_type = Nullable<Text>)]
    condition: Option<String>,
}

/// How many CHECKs a table has.
#[derive(QueryableByName)]
pub(crate) struct ChecksRow {
    #[diesel(sql_type = Text)]
    table_name: String,
    #[diesel(sql_type = BigInt)]
    checks: i64,
}

/// A trigger.
#[derive(QueryableByName)]
pub(crate) struct TriggerRow {
    #[diesel(sql_type = Text)]
    table_name: String,
    #[diesel(sql_type = Text)]
    name: String,
}

/// The schema of a database.
pub(crate) fn shape(database: &mut impl Catalogue) -> Shape {
    let mut shape = Shape::default();
    let mut columns = database.columns();
    columns.sort_by_key(|column| column.key_place);
    for ColumnRow { table_name, name, kind, nullable, key_place, numbered } in columns {
        let table = shape.0.entry(table_name).or_default();
        if key_place > 0 {
            table.primary_key.push(name.clone());
        }
        table.columns.insert(name, Column { kind, nullable, numbered });
    }
    for ForeignKeyRow { table_name, name, target_table, target_column, on_delete } in database.foreign_keys()
    {
        let key = ForeignKey { column: name, target: (target_table, target_column), on_delete };
        shape.0.entry(table_name).or_default().foreign_keys.insert(key);
    }
    for IndexRow { table_name, columns, is_unique, condition } in database.indexes() {
        let condition = condition.as_deref().map(plain);
        let index = Index { columns: plain(&columns), unique: is_unique, condition };
        shape.0.entry(table_name).or_default().indexes.insert(index);
    }
    for ChecksRow { table_name, checks } in database.checks() {
        shape.0.entry(table_name).or_default().checks = checks;
    }
    for TriggerRow { table_name, name } in database.triggers() {
        shape.0.entry(table_name).or_default().triggers.insert(name);
    }
    shape
}

/// SQL without what PostgreSQL adds to it when it shows it again: brackets, quotes around names, types.
fn plain(sql: &str) -> String {
    let bare = sql.replace(['(', ')', '"'], "").replace("::text", "");
    bare.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

//! The tables of an older schema, as the program's own schema has them.
//!
//! A file is also checked before it is migrated: a backup by an older version, or the database at the first start of a
//! newer one after an unclean shutdown. Statements name all columns of the program's schema, so they would fail there.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::Text;

use crate::schema::for_each_table;

/// A column of the program's schema.
struct Column {
    name: &'static str,
    is_nullable: bool,
}

macro_rules! name {
    ($column:ident) => {
        stringify!($column)
    };
    ($column:ident $sql_name:literal) => {
        $sql_name
    };
}

macro_rules! columns {
    ($(
        $table:ident ($($key:ident),+) $($numbered:ident)? {
            $($(#[sql_name = $sql_name:literal])? $column:ident -> $type:ident $(<$inner:ident>)?,)+
        }
    )+) => {
        &[$((stringify!($table), &[$(Column {
            name: name!($column $($sql_name)?),
            is_nullable: matches!(stringify!($type).as_bytes(), b"Nullable"),
        }),+]),)+]
    };
}

/// The tables of the program's schema, and their columns.
const TABLES: &[(&str, &[Column])] = for_each_table!(columns);

/// The columns that SQLite finds in a table.
#[derive(QueryableByName)]
struct Found {
    #[diesel(sql_type = Text)]
    name: String,
}

/// Runs something that reads these tables, with views in front of those that lack columns: there, they are NULL, or zero
/// if they can't be. A checksum leaves out what is NULL, and what has been added as zero.
///
/// # Errors
/// A statement fails.
pub(crate) fn seen_as_newest<T>(
    connection: &mut SqliteConnection,
    tables: &[&str],
    read: impl FnOnce(&mut SqliteConnection) -> T,
) -> QueryResult<T> {
    let mut views = Vec::new();
    for (table, columns) in TABLES.iter().filter(|(table, _)| tables.contains(table)) {
        let lacking = lacking(connection, table, columns)?;
        if !lacking.is_empty() {
            views.push((table, lacking));
        }
    }
    if views.is_empty() {
        return Ok(read(connection));
    }
    // What is temporary is in no file, but SQLite makes no difference. The name is found before that of the table.
    let create = views.iter().map(|(table, lacking)| {
        format!("CREATE TEMP VIEW {table} AS SELECT *, {} FROM main.{table};", lacking.join(", "))
    });
    while_writable(connection, &create.collect::<String>())?;
    let result = read(connection);
    let drop = views.iter().map(|(table, _)| format!("DROP VIEW temp.{table};"));
    while_writable(connection, &drop.collect::<String>())?;
    Ok(result)
}

/// What to select in place of each column that a table lacks.
fn lacking(connection: &mut SqliteConnection, table: &str, columns: &[Column]) -> QueryResult<Vec<String>> {
    // With the columns that SQLite computes, such as the position of an event.
    let query = format!("SELECT name FROM pragma_table_xinfo('{table}')");
    let found: Vec<Found> = diesel::sql_query(query).load(connection)?;
    let is_found = |column: &&Column| found.iter().any(|one| one.name == column.name);
    let lacking = columns.iter().filter(|column| !is_found(column));
    Ok(lacking
        .map(|Column { name, is_nullable }| format!("{} AS {name}", if *is_nullable { "NULL" } else { "0" }))
        .collect())
}

/// Whether one of these tables lacks a column of the program's schema.
///
/// # Errors
/// The statement fails.
#[cfg(feature = "postgres")]
pub(super) fn lacks_columns(connection: &mut diesel::PgConnection, tables: &[&str]) -> QueryResult<bool> {
    for (table, columns) in TABLES.iter().filter(|(table, _)| tables.contains(table)) {
        let query = format!(
            "SELECT column_name::text AS name FROM information_schema.columns \
             WHERE table_schema = current_schema() AND table_name = '{table}'"
        );
        let found: Vec<Found> = diesel::sql_query(query).load(connection)?;
        if columns.iter().any(|column| !found.iter().any(|one| one.name == column.name)) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Executes statements although the connection may only read.
fn while_writable(connection: &mut SqliteConnection, statements: &str) -> QueryResult<()> {
    let was = diesel::sql_query("SELECT CAST(query_only AS TEXT) AS name FROM pragma_query_only")
        .get_result::<Found>(connection)?;
    connection.batch_execute("PRAGMA query_only = OFF")?;
    let executed = connection.batch_execute(statements);
    connection.batch_execute(&format!("PRAGMA query_only = {}", was.name))?;
    executed
}

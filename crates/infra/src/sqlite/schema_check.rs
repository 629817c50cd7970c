//! Whether a database has exactly the schema that our migrations create: a trigger that someone has added to a backup
//! would act with the server's rights.

use std::collections::BTreeMap;
use std::sync::Arc;

use diesel::migration::{Migration, MigrationSource, MigrationVersion};
use diesel::prelude::*;
use diesel::sql_types::{Nullable, Text};
use diesel::sqlite::Sqlite;
use diesel_migrations::MigrationHarness;

use crate::executor::sync::{Mutex, locked};
use crate::schema_text::bare;

/// The query planner's statistics, which `ANALYZE` stores in tables of its own.
const STATISTICS: [&str; 2] =
    ["CREATE TABLE sqlite_stat1(tbl,idx,stat)", "CREATE TABLE sqlite_stat4(tbl,idx,neq,nlt,ndlt,sample)"];

/// A failure of either database, as text.
pub(super) type Failure = Box<dyn std::error::Error + Send + Sync>;

/// The schemas that migrations create, by which of them were applied. Creating one takes some milliseconds, and a
/// process compares several times: at a start, with a backup, in a check.
#[derive(Default)]
pub(super) struct CreatedSchemas(Mutex<BTreeMap<Vec<MigrationVersion<'static>>, Arc<Objects>>>);

impl CreatedSchemas {
    pub(super) const fn new() -> Self {
        Self(Mutex::new(BTreeMap::new()))
    }

    /// The schema of a fresh database with the migrations that the other one has.
    fn like(
        &self,
        other: &mut SqliteConnection,
        source: &dyn MigrationSource<Sqlite>,
    ) -> Result<Arc<Objects>, Failure> {
        let applied = other.applied_migrations()?;
        if let Some(known) = locked(&self.0).get(&applied) {
            return Ok(Arc::clone(known));
        }
        let created = Arc::new(objects(&mut fresh(&applied, source)?)?);
        locked(&self.0).insert(applied, Arc::clone(&created));
        Ok(created)
    }
}

/// The differences from a fresh database with the same migrations, as text. Empty if there are none. `created` are the
/// schemas that the migrations of this source have created so far.
///
/// # Errors
/// The failure of a statement, or of a migration.
pub(super) fn differences(
    connection: &mut SqliteConnection,
    source: &dyn MigrationSource<Sqlite>,
    created: &CreatedSchemas,
) -> Result<Vec<String>, Failure> {
    let expected = created.like(connection, source)?;
    Ok(compare(&expected, &objects(connection)?))
}

/// A database in memory with these migrations.
fn fresh(
    applied: &[MigrationVersion<'_>],
    source: &dyn MigrationSource<Sqlite>,
) -> Result<SqliteConnection, Failure> {
    let mut fresh = SqliteConnection::establish(":memory:")?;
    let mut migrations = source.migrations()?;
    migrations.retain(|migration| applied.contains(&migration.name().version().as_owned()));
    migrations.sort_by_key(|migration| migration.name().version().as_owned());
    // Creates the table that records migrations.
    fresh.applied_migrations()?;
    fresh.run_migrations(&migrations)?;
    Ok(fresh)
}

#[derive(QueryableByName)]
struct Object {
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    on_table: String,
    #[diesel(sql_type = Nullable<Text>)]
    sql: Option<String>,
}

/// An object's name and its definition. A file that was tampered with may contain two objects with the same name.
type Objects = BTreeMap<String, Vec<(String, Option<String>)>>;

fn objects(connection: &mut SqliteConnection) -> QueryResult<Objects> {
    let rows: Vec<Object> =
        diesel::sql_query("SELECT type AS kind, name, tbl_name AS on_table, sql FROM sqlite_schema")
            .load(connection)?;
    let mut objects = Objects::new();
    for Object { kind, name, on_table, sql } in rows {
        let sql = sql.as_deref().map(bare);
        let is_statistics = kind == "table" && sql.as_deref().is_some_and(|sql| STATISTICS.contains(&sql));
        if !is_statistics {
            objects.entry(format!("the {kind} {name}")).or_default().push((on_table, sql));
        }
    }
    objects.values_mut().for_each(|made| made.sort());
    Ok(objects)
}

fn compare(expected: &Objects, found: &Objects) -> Vec<String> {
    let missing = expected.keys().filter(|name| !found.contains_key(*name));
    let mut differences: Vec<_> = missing.map(|name| format!("{name} is missing")).collect();
    for (name, made) in found {
        match expected.get(name) {
            None => differences.push(format!("{name} is not groupchat's")),
            Some(ours) if ours != made => differences.push(format!("{name} is not as groupchat makes it")),
            Some(_) => {}
        }
    }
    differences
}

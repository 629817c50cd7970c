//! Migrates the schema when the database is opened. Forward only.

use diesel::migration::{MigrationSource, MigrationVersion};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::advisory::AdvisoryLock;
use super::error::OpenError;
use crate::connection::Connection;
use crate::migrations::{NotPending, SchemaVersion, pending};
use crate::refold;

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations/postgres");

/// A failure inside the transaction. Diesel requires that its own errors can be converted into it.
enum Failure {
    Open(OpenError),
    Query(diesel::result::Error),
    Step(String),
}

impl From<diesel::result::Error> for Failure {
    fn from(error: diesel::result::Error) -> Self {
        Self::Query(error)
    }
}

fn step(error: impl std::fmt::Display) -> Failure {
    Failure::Step(error.to_string())
}

/// Applies the missing migrations and recomputes the name keys if the folding rule has changed, all or none. Servers
/// that start at the same time take turns; the second one finds nothing to do. `database` is for error messages.
///
/// # Errors
/// [`OpenError`]. The database is then unchanged.
pub(crate) fn migrate(connection: &mut PgConnection, database: &str) -> Result<(), OpenError> {
    let database = database.to_owned();
    require_utf8(connection, &database)?;
    let migrated = connection.build_transaction().read_committed().run(|connection| {
        apply_pending(connection, &database)?;
        Ok(refold::refold_if_due(&mut Connection::Postgres(connection))?)
    });
    migrated.map_err(|failure| match failure {
        Failure::Open(error) => error,
        Failure::Query(error) => OpenError::Migration { database, reason: error.to_string() },
        Failure::Step(reason) => OpenError::Migration { database, reason },
    })
}

/// Checks the schema version of a database without changing anything. `database` is for error messages.
///
/// # Errors
/// [`OpenError`], also for a database without groupchat's tables.
pub(crate) fn schema_version(
    connection: &mut PgConnection,
    database: &str,
) -> Result<SchemaVersion, OpenError> {
    require_utf8(connection, database)?;
    let unreadable = |reason: String| OpenError::Database { database: database.to_owned(), reason };
    let applied = look_at_applied(connection).map_err(|error| unreadable(error.to_string()))?;
    let pending = pending::<Pg>(&MIGRATIONS, &applied).map_err(|error| match error {
        NotPending::Newer { found, known } => {
            OpenError::Newer { database: database.to_owned(), found, known }
        }
        NotPending::Unreadable(reason) => unreadable(reason),
    })?;
    let newest = applied.iter().max().ok_or_else(|| OpenError::NotADatabase(database.to_owned()))?;
    Ok(SchemaVersion { found: newest.to_string(), pending: pending.len() })
}

/// Creates the schema in an empty database, and rejects a database that lacks a migration, because servers may be using
/// it. `database` is for error messages.
///
/// # Errors
/// [`OpenError::NeedsMigration`], and the errors of [`schema_version`] and [`migrate`].
pub(super) fn migrate_if_empty(connection: &mut PgConnection, database: &str) -> Result<(), OpenError> {
    match schema_version(connection, database) {
        Ok(version) if version.pending == 0 && !is_refold_due(connection, database)? => Ok(()),
        Ok(_) => Err(OpenError::NeedsMigration(database.to_owned())),
        Err(OpenError::NotADatabase(_)) => migrate(connection, database),
        Err(error) => Err(error),
    }
}

/// Runs, in an empty schema, those of our migrations that a database has.
///
/// # Errors
/// The failure of a migration.
pub(super) fn run_those(connection: &mut PgConnection, applied: &[MigrationVersion<'_>]) -> QueryResult<()> {
    let failed =
        |error: Box<dyn std::error::Error + Send + Sync>| diesel::result::Error::QueryBuilderError(error);
    let mut migrations = MigrationSource::<Pg>::migrations(&MIGRATIONS).map_err(failed)?;
    migrations.retain(|migration| applied.contains(&migration.name().version().as_owned()));
    migrations.sort_by_key(|migration| migration.name().version().as_owned());
    // Creates the table that records migrations.
    connection.applied_migrations().map_err(failed)?;
    connection.run_migrations(&migrations).map_err(failed).map(drop)
}

/// Whether the name keys must be recomputed. The schema must be up to date.
fn is_refold_due(connection: &mut PgConnection, database: &str) -> Result<bool, OpenError> {
    refold::is_due(&mut Connection::Postgres(connection))
        .map_err(|error| OpenError::Database { database: database.to_owned(), reason: error.to_string() })
}

/// The migrations that the database has. Diesel's own query would create the table if it is missing.
pub(super) fn look_at_applied(connection: &mut PgConnection) -> QueryResult<Vec<MigrationVersion<'static>>> {
    let own = diesel::sql_query("SELECT to_regclass('__diesel_schema_migrations') IS NOT NULL AS own");
    if !own.get_result::<Own>(connection)?.own {
        return Ok(Vec::new());
    }
    let applied = diesel::sql_query("SELECT version::text AS version FROM __diesel_schema_migrations");
    let applied: Vec<Applied> = applied.load(connection)?;
    Ok(applied.into_iter().map(|migration| migration.version.into()).collect())
}

#[derive(QueryableByName)]
struct Own {
    #[diesel(sql_type = Bool)]
    own: bool,
}

#[derive(QueryableByName)]
struct Applied {
    #[diesel(sql_type = Text)]
    version: String,
}

fn apply_pending(connection: &mut PgConnection, database: &str) -> Result<(), Failure> {
    AdvisoryLock::Schema.until_commit(connection)?;
    let applied = connection.applied_migrations().map_err(step)?;
    let pending = pending(&MIGRATIONS, &applied).map_err(|error| match error {
        NotPending::Newer { found, known } => {
            Failure::Open(OpenError::Newer { database: database.to_owned(), found, known })
        }
        NotPending::Unreadable(reason) => Failure::Step(reason),
    })?;
    for migration in &pending {
        // Creating a new database isn't worth a log line.
        if !applied.is_empty() {
            tracing::info!(migration = %migration.name(), "migrating the database");
        }
        connection.run_migration(migration).map_err(step)?;
    }
    Ok(())
}

#[derive(QueryableByName)]
struct Encoding {
    #[diesel(sql_type = Text)]
    encoding: String,
}

/// Other encodings can't store every text, or count its length in bytes.
fn require_utf8(connection: &mut PgConnection, database: &str) -> Result<(), OpenError> {
    let found: Encoding = diesel::sql_query("SELECT current_setting('server_encoding') AS encoding")
        .get_result(connection)
        .map_err(|error| OpenError::Database { database: database.to_owned(), reason: error.to_string() })?;
    match found.encoding.as_str() {
        "UTF8" => Ok(()),
        _ => Err(OpenError::Encoding { database: database.to_owned(), found: found.encoding }),
    }
}

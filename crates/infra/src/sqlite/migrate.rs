//! Migrates the schema when the database is opened. Forward only.

use std::path::{Path, PathBuf};

use diesel::migration::{Migration, MigrationSource, MigrationVersion};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use diesel::sqlite::Sqlite;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::connection::{self, ConnectionPurpose};
use super::data_dir_lock::DataDirLock;
use super::error::OpenError;
use super::schema_check::{self, CreatedSchemas};
use super::staged_file::StagedFile;
use crate::check::COMPLAINTS;
use crate::connection::Connection;
use crate::migrations::{NotPending, SchemaVersion, pending};
use crate::refold;

pub(crate) const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations/sqlite");

/// The schemas that they have created in this process.
static SCHEMAS: CreatedSchemas = CreatedSchemas::new();

/// Counts the table that every groupchat database has.
const OWN_TABLES: &str =
    "SELECT count(*) AS count FROM sqlite_schema WHERE name = '__diesel_schema_migrations'";

type Migrations = Vec<Box<dyn Migration<Sqlite>>>;

/// Applies the missing migrations, all or none, after saving a copy of the file. Then recomputes the name keys if the
/// folding rule has changed.
///
/// # Errors
/// [`OpenError`]. The database is then unchanged.
pub(crate) fn migrate(path: &Path) -> Result<(), OpenError> {
    Schema::own(path).migrate()?;
    let mut connection = connection::open(path, ConnectionPurpose::Migrate)?;
    if !is_refold_due(&mut connection, path)? {
        return Ok(());
    }
    connection
        .immediate_transaction(|connection| refold::refold_if_due(&mut Connection::Sqlite(connection)))
        .map_err(|error| OpenError::from_reason(path, &error.to_string()))
}

/// Whether the name keys must be recomputed. The schema must be up to date.
fn is_refold_due(connection: &mut SqliteConnection, path: &Path) -> Result<bool, OpenError> {
    refold::is_due(&mut Connection::Sqlite(connection))
        .map_err(|error| OpenError::from_reason(path, &error.to_string()))
}

/// The same for a process that doesn't hold the data directory. It locks the directory while it migrates, so that the
/// schema never changes under a server.
///
/// # Errors
/// [`OpenError`]: [`OpenError::NeedsMigration`] if a server uses the directory.
pub(super) fn migrate_unless_in_use(path: &Path) -> Result<(), OpenError> {
    let mut connection = connection::open(path, ConnectionPurpose::Migrate)?;
    let schema = Schema::own(path);
    if schema.lacks_nothing(&mut connection)? && !is_refold_due(&mut connection, path)? {
        return Ok(());
    }
    let _held = DataDirLock::of_database(path, || OpenError::NeedsMigration(path.to_owned()))?;
    migrate(path)
}

/// Applies other migrations.
#[cfg(test)]
pub(super) fn migrate_with(path: &Path, source: &dyn MigrationSource<Sqlite>) -> Result<(), OpenError> {
    Schema { path, source, created: &CreatedSchemas::new() }.migrate()
}

/// Checks the schema version of a database without changing anything. `path` is for error messages.
///
/// # Errors
/// [`OpenError`], also for an empty file, which is not a database yet.
pub(crate) fn schema_version(
    connection: &mut SqliteConnection,
    path: &Path,
) -> Result<SchemaVersion, OpenError> {
    let foreign = || OpenError::NotADatabase(path.to_owned());
    let own =
        count(connection, OWN_TABLES).map_err(|error| OpenError::from_reason(path, &error.to_string()))?;
    if own == 0 {
        return Err(foreign());
    }
    let schema = Schema::own(path);
    let pending = schema.pending(connection).map_err(|failure| failure.into_error(path))?.len();
    let applied = connection.applied_migrations().map_err(|error| step(error).into_error(path))?;
    let found = applied.into_iter().max().ok_or_else(foreign)?.to_string();
    Ok(SchemaVersion { found, pending })
}

/// The differences between a database's schema and what its migrations create.
///
/// # Errors
/// A failure as text.
pub(super) fn schema_differences(
    connection: &mut SqliteConnection,
) -> Result<Vec<String>, schema_check::Failure> {
    schema_check::differences(connection, &MIGRATIONS, &SCHEMAS)
}

/// A failure inside the transaction. Diesel requires that its own errors can be converted into it.
enum Failure {
    Open(OpenError),
    Query(diesel::result::Error),
    BackupStep(String),
}

impl From<diesel::result::Error> for Failure {
    fn from(error: diesel::result::Error) -> Self {
        Self::Query(error)
    }
}

impl Failure {
    fn into_error(self, path: &Path) -> OpenError {
        match self {
            Self::Open(error) => error,
            Self::Query(error) => OpenError::from_reason(path, &error.to_string()),
            Self::BackupStep(reason) => OpenError::Migration { path: path.to_owned(), reason },
        }
    }
}

fn step(error: impl std::fmt::Display) -> Failure {
    Failure::BackupStep(error.to_string())
}

/// Compares a database's migrations with the program's.
struct Schema<'a> {
    path: &'a Path,
    source: &'a dyn MigrationSource<Sqlite>,
    /// The schemas that they have created.
    created: &'a CreatedSchemas,
}

impl<'a> Schema<'a> {
    /// With the program's migrations.
    const fn own(path: &'a Path) -> Self {
        Self { path, source: &MIGRATIONS, created: &SCHEMAS }
    }
}

impl Schema<'_> {
    /// The migrations that the database lacks, in order.
    fn pending(&self, connection: &mut SqliteConnection) -> Result<Migrations, Failure> {
        if is_foreign(connection)? {
            return Err(Failure::Open(OpenError::NotADatabase(self.path.to_owned())));
        }
        let applied = connection.applied_migrations().map_err(step)?;
        pending(self.source, &applied).map_err(|error| match error {
            NotPending::Newer { found, known } => {
                Failure::Open(OpenError::Newer { path: self.path.to_owned(), found, known })
            }
            NotPending::Unreadable(reason) => Failure::BackupStep(reason),
        })
    }

    /// Whether no migration is pending. Rejects a schema that is not ours before any migration runs on it.
    fn lacks_nothing(&self, connection: &mut SqliteConnection) -> Result<bool, OpenError> {
        let into_error = |failure: Failure| failure.into_error(self.path);
        let pending = self.pending(connection).map_err(into_error)?;
        let is_new = connection.applied_migrations().map_err(|error| into_error(step(error)))?.is_empty();
        let differences = if is_new { Vec::new() } else { self.differences(connection)? };
        if differences.is_empty() {
            return Ok(pending.is_empty());
        }
        let told = differences[..differences.len().min(COMPLAINTS)].join("; ");
        Err(OpenError::Schema { path: self.path.to_owned(), differences: told })
    }

    fn differences(&self, connection: &mut SqliteConnection) -> Result<Vec<String>, OpenError> {
        schema_check::differences(connection, self.source, self.created)
            .map_err(|error| OpenError::from_reason(self.path, &error.to_string()))
    }

    fn migrate(&self) -> Result<(), OpenError> {
        let mut connection = connection::open(self.path, ConnectionPurpose::Migrate)?;
        if self.lacks_nothing(&mut connection)? {
            return Ok(());
        }
        // The write lock excludes another process that opens the same file at the same time; the second one finds no
        // pending migration.
        connection
            .immediate_transaction(|connection| self.apply_pending(connection))
            .map_err(|failure| failure.into_error(self.path))
    }

    fn apply_pending(&self, connection: &mut SqliteConnection) -> Result<(), Failure> {
        let pending = self.pending(connection)?;
        if pending.is_empty() {
            return Ok(());
        }
        let newest = connection.applied_migrations().map_err(step)?.into_iter().max();
        if let Some(version) = &newest {
            self.keep_copy(version)?;
        }
        for migration in &pending {
            // Creating a new database isn't worth a log line.
            if newest.is_some() {
                tracing::info!(migration = %migration.name(), "migrating the database");
            }
            connection.run_migration(migration).map_err(step)?;
        }
        match dangling_references(connection)? {
            0 => Ok(()),
            rows => Err(step(format!("{rows} rows would refer to rows that don't exist"))),
        }
    }

    /// Copies the database at its current schema version. A reader outside the transaction does it, because VACUUM
    /// can't run inside one.
    fn keep_copy(&self, version: &MigrationVersion<'_>) -> Result<(), Failure> {
        let copy = copy_path(self.path, version);
        let staged = StagedFile::of(&copy).map_err(step)?;
        let mut reader = connection::open(self.path, ConnectionPurpose::Migrate).map_err(Failure::Open)?;
        diesel::sql_query("VACUUM INTO ?")
            .bind::<Text, _>(staged.path().to_string_lossy())
            .execute(&mut reader)?;
        staged.publish().map_err(step)?;
        tracing::info!(copy = %copy.display(), "kept a copy of the database before the migration");
        Ok(())
    }
}

/// The path of the copy: beside the database, with the schema version in its name.
fn copy_path(path: &Path, version: &MigrationVersion<'_>) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".before-migration-{version}"));
    PathBuf::from(name)
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

fn count(connection: &mut SqliteConnection, sql: &str) -> QueryResult<i64> {
    diesel::sql_query(sql).get_result(connection).map(|row: Count| row.count)
}

/// Whether the file contains tables, but not those of groupchat.
fn is_foreign(connection: &mut SqliteConnection) -> QueryResult<bool> {
    let tables = count(connection, "SELECT count(*) AS count FROM sqlite_schema")?;
    Ok(tables > 0 && count(connection, OWN_TABLES)? == 0)
}

fn dangling_references(connection: &mut SqliteConnection) -> QueryResult<i64> {
    count(connection, "SELECT count(*) AS count FROM pragma_foreign_key_check")
}

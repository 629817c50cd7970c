//! Brings the schema up to date when the database is opened. Forward only.

use diesel::prelude::*;
use diesel::sql_types::Text;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::advisory::AdvisoryLock;
use super::error::OpenError;
use crate::migrations::{NotPending, pending};

pub(crate) const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations/postgres");

/// A failure inside the transaction, which Diesel wants to be able to extend by its own.
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

/// Applies the migrations that the database lacks, all or none. Servers that start at once do so one after the
/// other; whoever comes second finds nothing to do. `database` is for the words of an error.
///
/// # Errors
/// [`OpenError`]; the database is then as it was.
pub(crate) fn migrate(connection: &mut PgConnection, database: &str) -> Result<(), OpenError> {
    let database = database.to_owned();
    require_utf8(connection, &database)?;
    let migrated = connection
        .build_transaction()
        .read_committed()
        .run(|connection| apply_pending(connection, &database));
    migrated.map_err(|failure| match failure {
        Failure::Open(error) => error,
        Failure::Query(error) => OpenError::Migration { database, reason: error.to_string() },
        Failure::Step(reason) => OpenError::Migration { database, reason },
    })
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
        tracing::info!(migration = %migration.name(), "migrating the database");
        connection.run_migration(migration).map_err(step)?;
    }
    Ok(())
}

#[derive(QueryableByName)]
struct Encoding {
    #[diesel(sql_type = Text)]
    encoding: String,
}

/// In another encoding texts could not be stored, or their length would be counted in bytes.
fn require_utf8(connection: &mut PgConnection, database: &str) -> Result<(), OpenError> {
    let found: Encoding = diesel::sql_query("SELECT current_setting('server_encoding') AS encoding")
        .get_result(connection)
        .map_err(|error| OpenError::Database { database: database.to_owned(), reason: error.to_string() })?;
    match found.encoding.as_str() {
        "UTF8" => Ok(()),
        _ => Err(OpenError::Encoding { database: database.to_owned(), found: found.encoding }),
    }
}

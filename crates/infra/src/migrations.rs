//! Which migrations a database lacks. Forward only: a database that a newer program has written is rejected.

use diesel::backend::Backend;
use diesel::migration::{Migration, MigrationSource, MigrationVersion};

/// The schema that a database has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SchemaVersion {
    /// The newest migration in it.
    pub(crate) found: String,
    /// How many migrations this program would apply.
    pub(crate) pending: usize,
}

/// Why it is unknown what a database lacks.
#[derive(Debug)]
pub(crate) enum NotPending {
    /// The database has a migration that this program doesn't know.
    Newer {
        /// The newest such migration.
        found: String,
        /// The newest migration of this program.
        known: String,
    },
    /// The program's own migrations can't be read.
    Unreadable(String),
}

/// The migrations that a database lacks, in their order; `applied` are those that it has.
///
/// # Errors
/// [`NotPending`].
pub(crate) fn pending<DB: Backend>(
    source: &dyn MigrationSource<DB>,
    applied: &[MigrationVersion<'_>],
) -> Result<Vec<Box<dyn Migration<DB>>>, NotPending> {
    let mut migrations = source.migrations().map_err(|error| NotPending::Unreadable(error.to_string()))?;
    let known: Vec<_> = migrations.iter().map(|migration| migration.name().version().as_owned()).collect();
    if let Some(found) = applied.iter().filter(|version| !known.contains(version)).max() {
        let known = known.iter().max().map_or_else(|| "none".into(), ToString::to_string);
        return Err(NotPending::Newer { found: found.to_string(), known });
    }
    migrations.retain(|migration| !applied.contains(&migration.name().version().as_owned()));
    migrations.sort_by_key(|migration| migration.name().version().as_owned());
    Ok(migrations)
}

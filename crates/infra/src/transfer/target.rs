//! The database that becomes the copy.

use diesel::result::QueryResult;

use super::backend::EndpointSession;
use super::endpoint::{Endpoint, Side};
use super::error::TransferError;
use super::source::Source;
use super::sqlite::{self, HeldFolders};
use super::table::{self, TABLES, Table};
use crate::audit::{self, Recorded};
use crate::events::log::{mark, new_epoch};

/// Diesel's own table in every database that was migrated.
const MIGRATIONS_TABLE: &str = "__diesel_schema_migrations";

/// Tables whose rows don't mean that somebody has used the database.
pub(super) const ALWAYS_FILLED: [&str; 6] =
    [MIGRATIONS_TABLE, "audit_state", "known_settings", "log_state", "name_state", "storage_probe"];

/// The database that becomes the copy. It is marked from before its first row until the last step.
pub(super) struct Target {
    pub(super) session: EndpointSession,
}

impl Target {
    /// Opens it, makes sure that it contains nothing to lose, and leaves it marked and empty.
    ///
    /// # Errors
    /// [`TransferError`]. The target is then unchanged, unless it is a marked copy.
    pub(super) fn open(
        endpoint: &Endpoint,
        source: &mut Source,
        folders: &mut HeldFolders,
    ) -> Result<Self, TransferError> {
        let session = match endpoint {
            Endpoint::Sqlite(path) => sqlite::open_target(path, folders)?,
            #[cfg(feature = "postgres")]
            Endpoint::Postgres(url) => super::postgres::open_target(url)?,
            #[cfg(not(feature = "postgres"))]
            Endpoint::Postgres(_) => return Err(TransferError::NoPostgres(Side::Target)),
        };
        let mut target = Self { session };
        target.refuse_same(source)?;
        target.session.backend().claim_target()?;
        target.refuse_used()?;
        target.session.backend().migrate()?;
        target.mark()?;
        Ok(target)
    }

    fn refuse_same(&mut self, source: &mut Source) -> Result<(), TransferError> {
        let ours = self.session.backend().identity().map_err(TransferError::at(Side::Target, "identify"))?;
        let theirs =
            source.session.backend().identity().map_err(TransferError::at(Side::Source, "identify"))?;
        if ours == theirs { Err(TransferError::Same) } else { Ok(()) }
    }

    /// Rejects a database that contains anything but an unfinished copy.
    fn refuse_used(&mut self) -> Result<(), TransferError> {
        let failed = TransferError::at(Side::Target, "read");
        let tables = self.session.backend().tables().map_err(&failed)?;
        let has = |name: &str| tables.iter().any(|table| table == name);
        let is_ours = has(MIGRATIONS_TABLE) && has("log_state");
        if is_ours && mark::is_unfinished(&mut self.session.connection()).map_err(&failed)? {
            return Ok(());
        }
        for name in tables.iter().filter(|name| !ALWAYS_FILLED.contains(&name.as_str())) {
            let Some((_, count)) = TABLES.iter().find(|(table, _)| table == name) else {
                return Err(TransferError::NotEmpty(format!("the table {name}, which is not groupchat's")));
            };
            let rows = count(&mut self.session.connection()).map_err(&failed)?;
            if rows > 0 {
                return Err(TransferError::NotEmpty(format!("{rows} rows of {name}")));
            }
        }
        Ok(())
    }

    /// Marks and empties the database, unless somebody has used it since it was checked.
    fn mark(&mut self) -> Result<(), TransferError> {
        let failed = TransferError::at(Side::Target, "empty");
        self.session.backend().begin_alone(&table::names()).map_err(&failed)?;
        self.refuse_used()?;
        mark::set_epoch(&mut self.session.connection(), mark::UNFINISHED).map_err(&failed)?;
        self.session.backend().clear(&table::names()).map_err(&failed)?;
        self.session.backend().batch_execute("COMMIT").map_err(failed)
    }

    /// Stores a page of a table.
    ///
    /// # Errors
    /// [`TransferError`]
    pub(super) fn insert<T: Table>(&mut self, rows: Vec<T>) -> Result<(), TransferError> {
        let what = format!("store {} in", T::NAME);
        T::insert(&mut self.session.connection(), rows).map_err(TransferError::at(Side::Target, &what))
    }

    /// Reads a page of a table back.
    ///
    /// # Errors
    /// [`TransferError`]
    pub(super) fn page<T: Table>(&mut self, after: Option<&T>) -> Result<Vec<T>, TransferError> {
        let what = format!("read the {} of", T::NAME);
        T::page(&mut self.session.connection(), after).map_err(TransferError::at(Side::Target, &what))
    }

    /// Completes the copy in one transaction: advances the tables' ids above these, appends this to the audit log, and
    /// removes the mark by giving the log its own epoch.
    ///
    /// # Errors
    /// [`TransferError`]
    pub(super) fn finish(
        &mut self,
        heads: &[(&'static str, i64)],
        recorded: Vec<Recorded>,
    ) -> Result<(), TransferError> {
        let epoch = new_epoch().map_err(|error| TransferError::NoRandomness(error.to_string()))?;
        let finished = self.complete(heads, &epoch, recorded);
        finished.map_err(TransferError::at(Side::Target, "finish"))?;
        if let Err(error) = self.session.backend().settle() {
            tracing::warn!(%error, "the new database is complete, but queries may be slow for a while");
        }
        Ok(())
    }

    fn complete(
        &mut self,
        heads: &[(&'static str, i64)],
        epoch: &str,
        recorded: Vec<Recorded>,
    ) -> QueryResult<()> {
        self.session.backend().batch_execute("BEGIN")?;
        for (table, head) in heads {
            self.session.backend().set_head(table, *head)?;
        }
        mark::set_epoch(&mut self.session.connection(), epoch)?;
        audit::append(&mut self.session.connection(), recorded)?;
        self.session.backend().batch_execute("COMMIT")
    }
}

//! The database that is copied.

use diesel::result::QueryResult;

use super::backend::EndpointSession;
use super::endpoint::{Endpoint, Side};
use super::error::TransferError;
use super::positions::Positions;
use super::sqlite::{self, HeldFolders};
use super::table::{TABLES, Table};
use crate::events::log::mark;

/// The database that is copied. Nobody else writes to it while this exists.
pub(super) struct Source {
    pub(super) session: EndpointSession,
    /// The positions of events, if the target needs other ids for them.
    renumbered: Option<Positions>,
}

impl Source {
    /// Opens it and keeps others from writing.
    ///
    /// # Errors
    /// [`TransferError`]
    pub(super) fn open(endpoint: &Endpoint, folders: &mut HeldFolders) -> Result<Self, TransferError> {
        let mut session = match endpoint {
            Endpoint::Sqlite(path) => sqlite::open_source(path, folders)?,
            #[cfg(feature = "postgres")]
            Endpoint::Postgres(url) => super::postgres::open_source(url)?,
            #[cfg(not(feature = "postgres"))]
            Endpoint::Postgres(_) => return Err(TransferError::NoPostgres(Side::Source)),
        };
        let marked = mark::is_unfinished(&mut session.connection());
        if marked.map_err(TransferError::at(Side::Source, "read"))? {
            return Err(TransferError::Unfinished);
        }
        Ok(Self { session, renumbered: None })
    }

    /// The number of rows of each table, in order.
    ///
    /// # Errors
    /// [`TransferError`]
    pub(super) fn count(&mut self) -> Result<Vec<u64>, TransferError> {
        let counts = TABLES.iter().map(|(_, count)| count(&mut self.session.connection()));
        let counts = counts.map(|count| count.map(i64::unsigned_abs)).collect::<QueryResult<_>>();
        counts.map_err(TransferError::at(Side::Source, "count the rows of"))
    }

    /// From now on, events are read with their positions as ids.
    ///
    /// # Errors
    /// [`TransferError`]
    pub(super) fn renumber(&mut self) -> Result<(), TransferError> {
        let positions = Positions::read(&mut self.session.connection());
        self.renumbered = Some(positions.map_err(TransferError::at(Side::Source, "read the event log of"))?);
        Ok(())
    }

    /// The highest id that the table has ever assigned, as the target needs it.
    ///
    /// # Errors
    /// [`TransferError`]
    pub(super) fn head(&mut self, table: &str) -> Result<i64, TransferError> {
        match &self.renumbered {
            Some(positions) if table == "events" => Ok(positions.head()),
            _ => {
                let head = self.session.backend().head(table);
                head.map_err(TransferError::at(Side::Source, "read the last ids of"))
            }
        }
    }

    /// A page of a table.
    ///
    /// # Errors
    /// [`TransferError`]
    pub(super) fn page<T: Table>(&mut self, after: Option<&T>) -> Result<Vec<T>, TransferError> {
        let what = format!("read the {} of", T::NAME);
        T::page(&mut self.session.connection(), after).map_err(TransferError::at(Side::Source, &what))
    }

    /// Converts rows for the target.
    ///
    /// # Errors
    /// [`TransferError`]
    pub(super) fn adapt<T: Table>(&mut self, rows: &mut [T]) -> Result<(), TransferError> {
        let Some(positions) = &self.renumbered else { return Ok(()) };
        let adapted = T::renumber(rows, positions, &mut self.session.connection());
        adapted.map_err(TransferError::at(Side::Source, "read the event log of"))
    }
}

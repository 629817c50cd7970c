//! One command's transaction on the SQLite connection.

use diesel::SqliteConnection;
use diesel::result::QueryResult;
use groupchat_domain::storage::StorageFault;

/// A command's view of the database. Implements every repository on its one connection.
pub(crate) struct SqliteTx<'c> {
    connection: &'c mut SqliteConnection,
    fault: Option<StorageFault>,
}

impl SqliteTx<'_> {
    /// Runs one query. After a failure every further query of the command fails with the same fault: SQLite
    /// may have rolled back the whole transaction, so nothing more may reach it.
    pub(crate) fn run<T>(
        &mut self,
        query: impl FnOnce(&mut SqliteConnection) -> QueryResult<T>,
    ) -> Result<T, StorageFault> {
        if let Some(fault) = &self.fault {
            return Err(fault.clone());
        }
        query(self.connection).map_err(|error| {
            let fault = StorageFault::Internal { reason: error.to_string() };
            self.fault = Some(fault.clone());
            fault
        })
    }
}

//! What must be done after a restore that groupchat did not make, such as from a disk snapshot.

use std::path::Path;

use groupchat_domain::time::Timestamp;

use super::data_dir_lock::DataDirLock;
use super::error::OpenError;
use super::{ids, inspect, log_state, migrate};

/// Moves the counters of ids on, so that none is given out again that was given out since the snapshot, and gives the
/// log a new epoch. `_lock` shows that no server runs on the folder; `now` is the current time.
///
/// # Errors
/// [`OpenError`]
pub fn advance_ids(_lock: &DataDirLock, database: &Path, now: Timestamp) -> Result<(), OpenError> {
    let failed = |error: diesel::result::Error| OpenError::from_reason(database, &error.to_string());
    let mut connection = inspect::open(database)?;
    migrate::schema_version(&mut connection, database)?;
    log_state::refuse_unfinished(&mut connection, database)?;
    // Before the counters: a process that is killed between the two is run again.
    log_state::renew_epoch(&mut connection, database)?;
    connection
        .immediate_transaction(|connection| ids::advance(connection, &ids::Heads::new(), now))
        .map_err(failed)
}

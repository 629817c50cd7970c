//! What to do after a restore by other means than groupchat, such as from a disk snapshot.

use std::path::Path;

use groupchat_domain::audit::{AuditAction, AuditEntry};
use groupchat_domain::time::Timestamp;

use super::data_dir_lock::DataDirLock;
use super::error::OpenError;
use super::{ids, inspect, log_state, migrate};
use crate::accounts::families::forget_tokens;
use crate::accounts::password_resets::forget_resets;
use crate::audit;
use crate::connection::Connection;

/// Advances the id counters, so that no id assigned since the snapshot is assigned again, gives the log a new epoch, and
/// forgets refresh tokens and codes that reset passwords. Records that. `_lock` proves that no server uses the folder. `now` is the current time.
///
/// # Errors
/// [`OpenError`]
pub fn advance_ids(_lock: &DataDirLock, database: &Path, now: Timestamp) -> Result<(), OpenError> {
    let failed = |error: diesel::result::Error| OpenError::from_reason(database, &error.to_string());
    let mut connection = inspect::open(database)?;
    migrate::schema_version(&mut connection, database)?;
    log_state::refuse_unfinished(&mut connection, database)?;
    // Before the counters: if the process is killed between the two, the command is run again.
    log_state::renew_epoch(&mut connection, database)?;
    connection
        .immediate_transaction(|connection| {
            forget_tokens(&mut Connection::Sqlite(connection))?;
            forget_resets(&mut Connection::Sqlite(connection))?;
            ids::advance(connection, &ids::Heads::new(), now)?;
            let advanced = AuditEntry::by_operator(AuditAction::IdsAdvanced);
            audit::append(&mut Connection::Sqlite(connection), vec![(now, advanced)])
        })
        .map_err(failed)
}

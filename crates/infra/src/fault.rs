//! What a failed statement means to the caller of a command.

use diesel::result::Error;
use groupchat_domain::storage::StorageFault;

const IO_ERROR: &str = "disk I/O error";

/// SQLite's messages for problems of the machine rather than of the program. Diesel returns only the message, not the
/// code. The messages are fixed in SQLite (`sqlite3ErrStr`).
const MACHINE_TROUBLE: [&str; 6] = [
    "database or disk is full",
    IO_ERROR,
    "out of memory",
    "database disk image is malformed",
    "database is locked",
    "unable to open database file",
];

/// Whether the disk failed to read or write.
pub(crate) fn is_io_error(reason: &str) -> bool {
    reason.contains(IO_ERROR)
}

/// Whether the statement failed for lack of disk space, memory or a lock.
fn is_machine_trouble(reason: &str) -> bool {
    MACHINE_TROUBLE.iter().any(|trouble| reason.contains(trouble))
}

/// Turns the failure of a statement on SQLite into a fault and logs it.
pub(crate) fn sqlite_fault(error: &Error) -> StorageFault {
    let reason = reason(error);
    tracing::error!(%reason, "a statement failed");
    if is_machine_trouble(&reason) {
        StorageFault::Unavailable { reason }
    } else {
        StorageFault::Internal { reason }
    }
}

/// The reason of a failure. The databases' messages name tables and columns, never values. Diesel's messages about
/// values that it could not read might contain them, so they stay out of the log.
fn reason(error: &Error) -> String {
    match error {
        Error::DeserializationError(_) => "a stored value can't be read".to_owned(),
        Error::SerializationError(_) => "a value can't be stored".to_owned(),
        other => other.to_string(),
    }
}

/// Turns the failure of a statement on PostgreSQL into a fault and logs it. A failure that another run may avoid is
/// logged by the caller, once it gives up.
#[cfg(feature = "postgres")]
pub(crate) fn postgres_fault(error: &Error) -> StorageFault {
    use diesel::result::DatabaseErrorKind as Kind;

    let reason = reason(error);
    match error {
        Error::DatabaseError(Kind::SerializationFailure | Kind::Unknown, _) => {
            tracing::debug!(%reason, "a statement failed");
            StorageFault::Unavailable { reason }
        }
        Error::DatabaseError(
            Kind::ClosedConnection | Kind::UnableToSendCommand | Kind::ReadOnlyTransaction,
            _,
        ) => {
            tracing::warn!(%reason, "the database server can't be used");
            StorageFault::Unavailable { reason }
        }
        _ => {
            tracing::error!(%reason, "a statement failed");
            StorageFault::Internal { reason }
        }
    }
}

/// Whether another run may succeed on the same connection: after a serialization failure, and after failures that
/// Diesel can't distinguish from a deadlock. (It has no kind for SQLSTATE 40P01, and the message is in the server's
/// language.) Running again is always safe, because nothing was stored.
#[cfg(feature = "postgres")]
pub(crate) const fn may_be_conflict(error: &Error) -> bool {
    use diesel::result::DatabaseErrorKind as Kind;
    matches!(error, Error::DatabaseError(Kind::SerializationFailure | Kind::Unknown, _))
}

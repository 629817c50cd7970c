//! What a failed statement means to the caller of a command.

use diesel::result::Error;
use groupchat_domain::storage::StorageFault;

const IO_ERROR: &str = "disk I/O error";

/// SQLite's words for what is wrong with the machine rather than with the program. Diesel hands on the text
/// and not the code; the texts are fixed in SQLite (`sqlite3ErrStr`).
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

/// Whether the statement failed for want of disk, memory or a lock.
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

/// What went wrong. The databases' messages name tables and columns, never values; what Diesel says of a value that
/// it could not read might, and stays out of the log.
fn reason(error: &Error) -> String {
    match error {
        Error::DeserializationError(_) => "a stored value can't be read".to_owned(),
        Error::SerializationError(_) => "a value can't be stored".to_owned(),
        other => other.to_string(),
    }
}

/// Turns the failure of a statement on PostgreSQL into a fault and logs it. What another try may mend is logged by
/// whoever tries no more.
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

/// Whether another try may succeed on the same connection: after a serialisation failure, and after what Diesel
/// can't tell from a deadlock. (It has no kind for SQLSTATE 40P01, and the message is in the server's language.)
/// Trying again is safe whatever it was: nothing was stored.
#[cfg(feature = "postgres")]
pub(crate) const fn may_be_conflict(error: &Error) -> bool {
    use diesel::result::DatabaseErrorKind as Kind;
    matches!(error, Error::DatabaseError(Kind::SerializationFailure | Kind::Unknown, _))
}

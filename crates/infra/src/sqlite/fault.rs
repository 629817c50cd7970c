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
pub(super) fn is_io_error(reason: &str) -> bool {
    reason.contains(IO_ERROR)
}

/// Whether the statement failed for want of disk, memory or a lock.
fn is_machine_trouble(reason: &str) -> bool {
    MACHINE_TROUBLE.iter().any(|trouble| reason.contains(trouble))
}

/// Turns the failure of a statement into a fault and logs it. SQLite's messages name tables and columns, never
/// values; what Diesel says of a value that it could not read might, and stays out of the log.
pub(super) fn fault(error: &Error) -> StorageFault {
    let reason = match error {
        Error::DeserializationError(_) => "a stored value can't be read".to_owned(),
        Error::SerializationError(_) => "a value can't be stored".to_owned(),
        other => other.to_string(),
    };
    tracing::error!(%reason, "a statement failed");
    if is_machine_trouble(&reason) {
        StorageFault::Unavailable { reason }
    } else {
        StorageFault::Internal { reason }
    }
}

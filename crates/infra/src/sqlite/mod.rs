//! Storage on SQLite: one writer with group commit and several readers, each on its own thread.
//!
//! A command waits in a bounded, fair queue for the writer (`writer`, `batch`) or a reader (`readers`), and runs there
//! in a savepoint. In addition, there are threads for the checkpoints of the write-ahead log (`checkpoint`, `gate`) and
//! for the maintenance of the storage.

mod advance_ids;
mod backup;
mod batch;
mod check;
mod checkpoint;
mod connection;
pub(crate) mod create;
mod data_dir_lock;
pub(crate) mod detection;
mod error;
mod gate;
mod ids;
pub(crate) mod inspect;
mod log_state;
pub(crate) mod migrate;
mod options;
mod readers;
mod restore;
mod restore_error;
mod salvage;
#[cfg(all(test, feature = "shuttle"))]
mod schedules;
mod schema_check;
mod shrink;
pub(crate) mod staged_file;
mod startup_check;
mod statement;
mod storage;
mod verify;
mod writer;

mod free_space;
#[cfg(test)]
mod tests;

pub use crate::executor::queue::QueueLimits;
pub use advance_ids::advance_ids;
pub use backup::{BackupError, BackupStep, backup};
pub use check::check;
pub use data_dir_lock::{DataDirLock, DataDirLockError, LastUse};
pub use detection::database_exists;
pub use error::OpenError;
pub use inspect::Contents;
pub use options::SqliteOptions;
pub use restore::{RestorePaths, Restored, restore};
pub use restore_error::RestoreError;
pub use salvage::Salvaged;
pub use storage::SqliteStorage;
pub use verify::{Backup, VerifyError, verify_backup};
pub use writer::BatchLimits;

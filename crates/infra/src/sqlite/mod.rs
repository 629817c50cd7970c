//! Storage on SQLite: one writer that commits in groups, readers beside it, all on threads of their own.
//!
//! A command waits in a bounded, fair queue (`queue`, `command`) for the writer (`writer`, `batch`,
//! `event_log`) or a reader (`readers`), and runs there as a `SqliteTx` (`tx`), on which the `repositories` are
//! implemented. Beside them run the checkpoints of the write-ahead log (`checkpoint`, `gate`) and the
//! storage's own upkeep (`upkeep`, `activity`).

mod activity;
mod backup;
mod batch;
mod check;
mod checkpoint;
mod command;
mod connection;
mod data_dir_lock;
mod draft;
mod error;
mod event_log;
mod fault;
mod gate;
mod inspect;
mod migrate;
mod options;
mod private_file;
mod queue;
mod readers;
mod repositories;
mod restore;
mod schema;
mod statement;
mod storage;
mod sync;
mod threads;
mod tx;
mod upkeep;
mod writer;

#[cfg(test)]
mod tests;

pub use backup::{Backup, BackupError, Step, backup};
pub use check::{Depth, Finding, Outcome, check};
pub use connection::StatementObserver;
pub use data_dir_lock::{DataDirLock, DataDirLockError};
pub use error::OpenError;
pub use inspect::Contents;
pub use options::SqliteOptions;
pub use queue::QueueLimits;
pub use restore::{RestoreError, RestorePaths, Restored, restore};
pub use storage::SqliteStorage;
pub use writer::BatchLimits;

//! Copies everything from one database into another: from SQLite to PostgreSQL and back, or within one kind.
//!
//! Invariants:
//! - Nobody else writes to the source (`source`). It is only read, except that events get their positions first.
//! - The target is marked (`events/log/mark.rs`) in a separate commit before its first row is written. No server opens
//!   a marked database. The same commit that gives the log a new epoch removes the mark; it is the last step. So if the
//!   process is killed, the target is empty, marked or complete. The next copy accepts an empty or marked target and no
//!   other.
//! - Everything that was written is read back and compared (`digest`) before the mark is removed.
//!
//! `crate::rows` has the types of rows, `table` pages through tables, and `table_copy` copies them. `backend`,
//! `sqlite` and `postgres` contain what depends on the database. `positions` converts a log whose ids and positions
//! differ for SQLite.

mod backend;
mod digest;
mod endpoint;
mod error;
mod positions;
#[cfg(feature = "postgres")]
mod postgres;
mod source;
mod sqlite;
mod table;
mod table_copy;
mod target;

pub use digest::TableDigest;
pub use endpoint::{Endpoint, Side};
pub use error::TransferError;
pub use table_copy::CopiedTable;

use groupchat_domain::audit::{AuditAction, AuditEntry};
use groupchat_domain::time::Timestamp;

use source::Source;
use sqlite::HeldFolders;
use table_copy::TABLE_COPIES;
use target::{ALWAYS_FILLED, Target};

use crate::audit::Recorded;

/// The progress of a copy. Rows are counted over all tables. Each table begins with a step of no rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransferStep {
    /// Rows are being written.
    Copying {
        /// Their table.
        table: &'static str,
        /// Rows written so far.
        done: u64,
        /// The total.
        total: u64,
    },
    /// The written rows are being read back.
    Verifying {
        /// Their table.
        table: &'static str,
        /// Rows read so far.
        done: u64,
        /// The total.
        total: u64,
    },
}

/// Copies all rows of the database `from` into the database `to`, which must be empty or an unfinished copy. Ids don't
/// change, except those of events if SQLite needs others. The event log gets a new epoch, and the audit log an entry of
/// the time `now`. Blocks, and reports its progress to `report`.
///
/// Returns the tables in the order in which they were copied.
///
/// # Errors
/// [`TransferError`]. The target is then unchanged or marked as an unfinished copy.
pub fn transfer(
    from: &Endpoint,
    to: &Endpoint,
    now: Timestamp,
    report: &mut dyn FnMut(TransferStep),
) -> Result<Vec<CopiedTable>, TransferError> {
    // Dropped last, so that the folders stay locked until the databases are closed.
    let mut folders = HeldFolders::default();
    let mut source = Source::open(from, &mut folders)?;
    let mut target = Target::open(to, &mut source, &mut folders)?;
    if target.session.is_sqlite() && !source.session.is_sqlite() {
        source.renumber()?;
    }
    let counts = source.count()?;
    let total = counts.iter().sum();
    let copied = copy_all(&mut source, &mut target, total, report)?;
    let different = differing(&mut target, &copied, &counts, total, report)?;
    if !different.is_empty() {
        return Err(TransferError::Different(different));
    }
    let mut heads = Vec::new();
    for table in TABLE_COPIES.iter().filter(|table| table.gives_ids) {
        heads.push((table.name, source.head(table.name)?));
    }
    target.finish(&heads, told(&copied, now))?;
    Ok(copied)
}

/// What the audit log of a copy tells of it. One of nothing stays as empty as it was.
fn told(copied: &[CopiedTable], now: Timestamp) -> Vec<Recorded> {
    let is_used = copied.iter().any(|table| table.digest.rows > 0 && !ALWAYS_FILLED.contains(&table.name));
    let entry = AuditEntry::by_operator(AuditAction::DatabaseMigrated);
    if is_used { vec![(now, entry)] } else { Vec::new() }
}

fn copy_all(
    source: &mut Source,
    target: &mut Target,
    total: u64,
    report: &mut dyn FnMut(TransferStep),
) -> Result<Vec<CopiedTable>, TransferError> {
    let (mut copied, mut done) = (Vec::with_capacity(TABLE_COPIES.len()), 0);
    for table in TABLE_COPIES {
        let mut advance = |rows: usize| {
            done += rows as u64;
            report(TransferStep::Copying { table: table.name, done, total });
        };
        advance(0);
        copied.push(table.copy(source, target, &mut advance)?);
    }
    Ok(copied)
}

/// The tables whose rows in the target differ from those of the source.
fn differing(
    target: &mut Target,
    copied: &[CopiedTable],
    counts: &[u64],
    total: u64,
    report: &mut dyn FnMut(TransferStep),
) -> Result<Vec<&'static str>, TransferError> {
    let (mut different, mut done) = (Vec::new(), 0);
    for ((table, copied), count) in TABLE_COPIES.iter().zip(copied).zip(counts) {
        let mut advance = |rows: usize| {
            done += rows as u64;
            report(TransferStep::Verifying { table: table.name, done, total });
        };
        advance(0);
        let stored = table.read_back(target, &mut advance)?;
        if stored != copied.digest || stored.rows != *count {
            different.push(table.name);
        }
    }
    Ok(different)
}

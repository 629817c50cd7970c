//! Moves everything from one database into another: from SQLite to PostgreSQL and back, or within one kind.
//!
//! What must stay true:
//! - The source is held still (`source`) and only read, but for events that get their positions first.
//! - The target is marked (`events/log/mark.rs`) in a commit of its own before its first row is written. No server
//!   opens a marked database. The mark goes in the same commit in which the log gets a new epoch, which is the last
//!   step. So a process that is killed leaves a target that is empty, or marked, or whole; and the next copy starts
//!   again on one that is empty or marked, and on no other.
//! - What was written is read back and compared (`digest`) before the mark goes.
//!
//! Rows are typed by `rows`, walked by `table` and copied by `table_copy`; what the databases do each in its
//! own way is in `backend`, `sqlite` and `postgres`. A log whose ids and positions differ is given to SQLite by
//! `positions`.

mod backend;
mod digest;
mod endpoint;
mod error;
mod positions;
#[cfg(feature = "postgres")]
mod postgres;
mod rows;
mod source;
mod sqlite;
mod table;
mod table_copy;
mod target;

pub use digest::TableDigest;
pub use endpoint::{Endpoint, Side};
pub use error::TransferError;
pub use table_copy::CopiedTable;

use source::Source;
use sqlite::HeldFolders;
use table_copy::PASSAGES;
use target::Target;

/// How far a copy has come. Rows are counted over all tables; each table begins with a step of no rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransferStep {
    /// Writes rows.
    Copying {
        /// The table that they belong to.
        table: &'static str,
        /// Rows written so far.
        done: u64,
        /// How many there will be.
        total: u64,
    },
    /// Reads back what was written.
    Verifying {
        /// The table that is read.
        table: &'static str,
        /// Rows read so far.
        done: u64,
        /// How many there will be.
        total: u64,
    },
}

/// Copies all rows of the database `from` into the database `to`, which must be empty or what a copy that was not
/// finished has left. Ids stay as they are, but for those of events where SQLite needs others; the event log gets a
/// new epoch. Blocks, and tells `report` how far it is.
///
/// Returns the tables in the order in which they were copied.
///
/// # Errors
/// [`TransferError`]. The target is then as it was, or marked as an unfinished copy.
pub fn transfer(
    from: &Endpoint,
    to: &Endpoint,
    report: &mut dyn FnMut(TransferStep),
) -> Result<Vec<CopiedTable>, TransferError> {
    // Dropped last, so that the folders are held until the databases are closed.
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
    for table in PASSAGES.iter().filter(|table| table.gives_ids) {
        heads.push((table.name, source.head(table.name)?));
    }
    target.finish(&heads)?;
    Ok(copied)
}

fn copy_all(
    source: &mut Source,
    target: &mut Target,
    total: u64,
    report: &mut dyn FnMut(TransferStep),
) -> Result<Vec<CopiedTable>, TransferError> {
    let (mut copied, mut done) = (Vec::with_capacity(PASSAGES.len()), 0);
    for table in PASSAGES {
        let mut advance = |rows: usize| {
            done += rows as u64;
            report(TransferStep::Copying { table: table.name, done, total });
        };
        advance(0);
        copied.push(table.copy(source, target, &mut advance)?);
    }
    Ok(copied)
}

/// The tables of which the target does not hold what was read, or of which less was read than there is.
fn differing(
    target: &mut Target,
    copied: &[CopiedTable],
    counts: &[u64],
    total: u64,
    report: &mut dyn FnMut(TransferStep),
) -> Result<Vec<&'static str>, TransferError> {
    let (mut different, mut done) = (Vec::new(), 0);
    for ((table, copied), count) in PASSAGES.iter().zip(copied).zip(counts) {
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

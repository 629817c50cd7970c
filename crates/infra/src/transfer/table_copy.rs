//! Copies tables, one after the other.

use std::time::{Duration, Instant};

use super::digest::{Digester, TableDigest};
use super::endpoint::Side;
use super::error::TransferError;
use super::source::Source;
use super::table::Table;
use super::target::Target;
use crate::rows;
use crate::schema::for_each_table;

/// Called with the number of further rows that are done.
type Advance<'a> = &'a mut dyn FnMut(usize);

/// The digest of the rows of a table that were copied, and how many of them don't match their checksums.
type CopiedRows = (TableDigest, u64);

/// Operations on a table, whatever the type of its rows.
pub(super) struct TableCopy {
    pub(super) name: &'static str,
    pub(super) gives_ids: bool,
    copy: fn(&mut Source, &mut Target, Advance<'_>) -> Result<CopiedRows, TransferError>,
    read_back: fn(&mut Target, Advance<'_>) -> Result<TableDigest, TransferError>,
}

macro_rules! passages {
    ($($table:ident ($($key:ident),+) $($numbered:ident)? { $($columns:tt)+ })+) => {
        &[$(TableCopy::of::<rows::$table::Row>(),)+]
    };
}

/// The operations of each table, in the order of [`TABLES`](super::table::TABLES).
pub(super) const TABLE_COPIES: &[TableCopy] = for_each_table!(passages);

impl TableCopy {
    const fn of<T: Table>() -> Self {
        Self { name: T::NAME, gives_ids: T::GIVES_IDS, copy: copy_rows::<T>, read_back: read_rows::<T> }
    }

    /// Copies the table in one transaction, and computes the digest that the target must have.
    ///
    /// # Errors
    /// [`TransferError`]
    pub(super) fn copy(
        &self,
        source: &mut Source,
        target: &mut Target,
        advance: Advance<'_>,
    ) -> Result<CopiedTable, TransferError> {
        let began = Instant::now();
        let failed = TransferError::at(Side::Target, "write");
        target.session.backend().batch_execute("BEGIN").map_err(&failed)?;
        let resume = target.session.backend().suspend_triggers(self.name).map_err(&failed)?;
        let (digest, damaged) = (self.copy)(source, target, advance)?;
        target.session.backend().batch_execute(&resume).map_err(&failed)?;
        target.session.backend().batch_execute("COMMIT").map_err(&failed)?;
        Ok(CopiedTable { name: self.name, digest, damaged, took: began.elapsed() })
    }

    /// Computes the digest of the target's rows.
    ///
    /// # Errors
    /// [`TransferError`]
    pub(super) fn read_back(
        &self,
        target: &mut Target,
        advance: Advance<'_>,
    ) -> Result<TableDigest, TransferError> {
        (self.read_back)(target, advance)
    }
}

/// A table that was copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CopiedTable {
    /// The table's name.
    pub name: &'static str,
    /// The digest of its rows in both databases.
    pub digest: TableDigest,
    /// How many rows don't match their checksums. They are copied as they are, so that the copy's damage is noticed
    /// too.
    pub damaged: u64,
    /// How long the copying took.
    pub took: Duration,
}

fn copy_rows<T: Table>(
    source: &mut Source,
    target: &mut Target,
    advance: Advance<'_>,
) -> Result<CopiedRows, TransferError> {
    let (mut digester, mut damaged) = (Digester::default(), 0);
    let mut page: Vec<T> = source.page(None)?;
    while let Some(last) = page.last().cloned() {
        source.adapt(&mut page)?;
        damaged += page.iter().filter(|row| row.is_damaged()).count() as u64;
        digester.add(&page);
        advance(page.len());
        target.insert(page)?;
        page = source.page(Some(&last))?;
    }
    Ok((digester.finish(), damaged))
}

fn read_rows<T: Table>(target: &mut Target, advance: Advance<'_>) -> Result<TableDigest, TransferError> {
    let mut digester = Digester::default();
    let mut page: Vec<T> = target.page(None)?;
    while let Some(last) = page.last() {
        digester.add(&page);
        advance(page.len());
        page = target.page(Some(last))?;
    }
    Ok(digester.finish())
}

//! Checksums of rows: what tells a row with a flipped bit from one as the program wrote it.
//!
//! A checksum is made when a row is written, in the same statement, and covers what the row says ([`columns`]). SQLite
//! has no checksums of its own, and its checks notice a wrong value only where it breaks the file's structure. A CRC-32
//! finds every single flipped bit, every burst of up to 32 bits, and all but one in four billion of other changes. It
//! is no protection against someone who changes rows on purpose.
//!
//! Rows from before there were checksums have none (NULL) until a job has computed them ([`fill`]).

mod columns;
mod fill;
mod stored;
mod walk;

use crate::encoding::Encode;

pub(crate) use columns::{EventColumns, MessageColumns};
pub(crate) use fill::{add_to_events, add_to_messages};
pub(crate) use stored::{Checksummed, Stored};
pub(crate) use walk::{Walked, walk};

/// Room for a usual row.
const USUAL: usize = 512;

/// The input of a checksum: each column that is not NULL, by its name. So a column that is added later, and is NULL in
/// the rows from before, changes no stored checksum.
struct Input(Vec<u8>);

impl Input {
    fn new() -> Self {
        Self(Vec::with_capacity(USUAL))
    }

    fn add(&mut self, column: &str, value: &dyn Encode) {
        if !value.is_null() {
            column.encode(&mut self.0);
            value.encode(&mut self.0);
        }
    }

    fn checksum(&self) -> i64 {
        crc32fast::hash(&self.0).into()
    }
}

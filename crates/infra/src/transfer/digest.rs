//! Detects whether two tables contain the same rows: the SHA-256 of their encoding.

use std::fmt;

use sha2::{Digest as _, Sha256};

use crate::encoding::Encode;

/// The digest of all rows of a table, in the order of their keys.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct TableDigest {
    /// The number of rows.
    pub rows: u64,
    /// The SHA-256 of their concatenated encodings.
    pub sha256: [u8; 32],
}

/// The hash in hexadecimal digits.
impl fmt::Display for TableDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.sha256.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for TableDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} rows with SHA-256 {self}", self.rows)
    }
}

/// A digest being computed.
#[derive(Default)]
pub(super) struct Digester {
    rows: u64,
    hash: Sha256,
    /// Reused to save allocations.
    encoded: Vec<u8>,
}

impl Digester {
    /// Adds the next rows of the table.
    pub(super) fn add(&mut self, rows: &[impl Encode]) {
        self.encoded.clear();
        rows.iter().for_each(|row| row.encode(&mut self.encoded));
        self.hash.update(&self.encoded);
        self.rows += rows.len() as u64;
    }

    /// The digest of all rows added.
    pub(super) fn finish(self) -> TableDigest {
        TableDigest { rows: self.rows, sha256: self.hash.finalize().into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_does_not_depend_on_the_pages_that_the_rows_came_in() {
        let digest = |pages: &[&[i64]]| {
            let mut digester = Digester::default();
            pages.iter().for_each(|page| digester.add(page));
            digester.finish()
        };
        assert_eq!(digest(&[&[1, 2], &[3]]), digest(&[&[1], &[], &[2, 3]]));
        assert_ne!(digest(&[&[1, 2, 3]]), digest(&[&[1, 3, 2]]));
        assert_eq!(digest(&[]).rows, 0);
        assert_eq!(
            digest(&[]).to_string(),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            "of no bytes"
        );
    }
}

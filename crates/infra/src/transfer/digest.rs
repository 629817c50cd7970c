//! Detects whether two tables contain the same rows: a canonical encoding of rows, and its SHA-256.

use std::fmt;

use sha2::{Digest as _, Sha256};

/// Appends a value to a row's encoding. A value includes its kind and, if it varies, its length: different rows never
/// have the same encoding, and neither do different sequences of rows. A value has the same encoding on both databases.
pub(super) trait Encode {
    /// Appends the value.
    fn encode(&self, into: &mut Vec<u8>);
}

/// The kinds of values, as the first byte of their encoding.
#[derive(Debug, Clone, Copy)]
#[repr(u8)]
enum ValueKind {
    Null,
    Bool,
    Integer,
    Text,
    Bytes,
}

impl Encode for bool {
    fn encode(&self, into: &mut Vec<u8>) {
        into.extend([ValueKind::Bool as u8, u8::from(*self)]);
    }
}

impl Encode for i64 {
    fn encode(&self, into: &mut Vec<u8>) {
        into.push(ValueKind::Integer as u8);
        into.extend(self.to_be_bytes());
    }
}

impl Encode for String {
    fn encode(&self, into: &mut Vec<u8>) {
        encode_long(ValueKind::Text, self.as_bytes(), into);
    }
}

impl Encode for Vec<u8> {
    fn encode(&self, into: &mut Vec<u8>) {
        encode_long(ValueKind::Bytes, self, into);
    }
}

impl<T: Encode> Encode for Option<T> {
    fn encode(&self, into: &mut Vec<u8>) {
        match self {
            Some(value) => value.encode(into),
            None => into.push(ValueKind::Null as u8),
        }
    }
}

fn encode_long(kind: ValueKind, bytes: &[u8], into: &mut Vec<u8>) {
    into.push(kind as u8);
    into.extend((bytes.len() as u64).to_be_bytes());
    into.extend(bytes);
}

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

    fn encoded(values: &[&dyn Encode]) -> Vec<u8> {
        let mut bytes = Vec::new();
        values.iter().for_each(|value| value.encode(&mut bytes));
        bytes
    }

    #[test]
    fn what_differs_encodes_differently() {
        let text = |text: &str| text.to_owned();
        let all = [
            encoded(&[&None::<String>]),
            encoded(&[&text("")]),
            encoded(&[&Vec::<u8>::new()]),
            encoded(&[&text("\0")]),
            encoded(&[&text("a"), &text("bc")]),
            encoded(&[&text("ab"), &text("c")]),
            encoded(&[&b"abc".to_vec()]),
            encoded(&[&0_i64]),
            encoded(&[&-1_i64]),
            encoded(&[&false]),
            encoded(&[&true]),
            encoded(&[&None::<i64>, &Some(0_i64)]),
            encoded(&[&Some(0_i64), &None::<i64>]),
        ];
        for (number, one) in all.iter().enumerate() {
            assert!(all[number + 1..].iter().all(|other| other != one), "{number}");
        }
        assert_eq!(encoded(&[&Some(7_i64)]), encoded(&[&7_i64]));
    }

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

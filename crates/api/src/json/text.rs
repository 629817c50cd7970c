//! Text, with what JSON escapes (RFC 8259, section 7).

use std::io::Write;

use serde_json::{Error, Result};

use super::Json;

/// How many bytes are searched at a time, without a branch for each.
const CHUNK: usize = 16;

/// Writes a text in quotes.
#[inline]
pub(super) fn put<W: Write>(json: &mut Json<'_, W>, text: &str) -> Result<()> {
    json.put(b"\"")?;
    let mut rest = text.as_bytes();
    while let Some(at) = first_special(rest) {
        json.put(&rest[..at])?;
        put_escape(json, rest[at])?;
        rest = &rest[at + 1..];
    }
    json.put(rest)?;
    json.put(b"\"")
}

/// Where the first byte is that JSON escapes.
#[inline]
pub(super) fn first_special(text: &[u8]) -> Option<usize> {
    let (chunks, _) = text.as_chunks::<CHUNK>();
    let is_plain = |chunk: &&[u8; CHUNK]| !chunk.iter().fold(false, |any, byte| any | is_special(*byte));
    let plain = CHUNK * chunks.iter().take_while(is_plain).count();
    text[plain..].iter().position(|byte| is_special(*byte)).map(|at| plain + at)
}

/// Whether JSON escapes a byte, without a branch.
#[inline]
const fn is_special(byte: u8) -> bool {
    (byte < b' ') | (byte == b'"') | (byte == b'\\')
}

#[cold]
fn put_escape<W: Write>(json: &mut Json<'_, W>, byte: u8) -> Result<()> {
    let short = match byte {
        b'"' | b'\\' => byte,
        b'\n' => b'n',
        b'\r' => b'r',
        b'\t' => b't',
        0x08 => b'b',
        0x0c => b'f',
        control => return write!(json.out, "\\u{control:04x}").map_err(Error::io),
    };
    json.put(&[b'\\', short])
}

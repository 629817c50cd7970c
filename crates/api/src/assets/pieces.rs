//! A large response in pieces, each of which is freed once it is delivered.

use std::collections::VecDeque;
use std::io::{self, Write};

use actix_web::web::Bytes;

/// The size of a piece in bytes: a few slices, so that a large response needs few allocations.
pub(super) const PIECE: usize = 64 << 10;

/// Bytes that are written at the end and taken from the front.
#[derive(Debug, Default)]
pub(crate) struct Pieces {
    /// What is written, without what is being taken.
    full: VecDeque<Bytes>,
    /// The piece that is being written.
    last: Vec<u8>,
    /// What is left of the piece that is being taken, and how large the piece is: it is freed as a whole.
    front: Bytes,
    front_size: usize,
    /// How many bytes are left to be taken.
    len: usize,
}

impl Pieces {
    /// No bytes yet, and room for about so many.
    pub(crate) fn with_capacity(bytes: usize) -> Self {
        Self { last: Vec::with_capacity(bytes.min(PIECE)), ..Self::default() }
    }

    /// How many bytes are left to be taken.
    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    /// How much memory they hold, in bytes: what is left, and the rest of the piece that is being taken.
    pub(crate) fn memory(&self) -> usize {
        self.len - self.front.len() + self.front_size
    }

    /// Takes the next bytes, at most so many; `None` once there are no more.
    pub(crate) fn take(&mut self, at_most: usize) -> Option<Bytes> {
        if self.front.is_empty() {
            self.front = self.next_piece().unwrap_or_default();
            self.front_size = self.front.len();
        }
        let taken = self.front.split_to(at_most.min(self.front.len()));
        self.len -= taken.len();
        if self.front.is_empty() {
            (self.front, self.front_size) = (Bytes::new(), 0);
        }
        (!taken.is_empty()).then_some(taken)
    }

    /// Writes bytes that don't fit into the piece that is being written.
    #[cold]
    fn write_across(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            let written = self.write(bytes)?;
            bytes = &bytes[written..];
        }
        Ok(())
    }

    fn next_piece(&mut self) -> Option<Bytes> {
        let last = || (!self.last.is_empty()).then(|| Bytes::from(std::mem::take(&mut self.last)));
        self.full.pop_front().or_else(last)
    }
}

impl Write for Pieces {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.last.len() == PIECE {
            let full = std::mem::replace(&mut self.last, Vec::with_capacity(PIECE));
            self.full.push_back(full.into());
        }
        let taken = bytes.len().min(PIECE - self.last.len());
        self.last.extend_from_slice(&bytes[..taken]);
        self.len += taken;
        Ok(taken)
    }

    /// What fits into the piece takes a few instructions: a page is rendered in thousands of writes of a few bytes.
    #[inline]
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.last.len() + bytes.len() <= PIECE {
            self.last.extend_from_slice(bytes);
            self.len += bytes.len();
            return Ok(());
        }
        self.write_across(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_bytes_come_back_in_order_and_give_their_memory_back_on_the_way() {
        let bytes: Vec<u8> = (0..2 * PIECE + 10).map(|place| (place % 251) as u8).collect();
        let mut pieces = Pieces::with_capacity(1 << 30);
        for part in bytes.chunks(1_000) {
            pieces.write_all(part).unwrap();
        }
        assert_eq!((pieces.len(), pieces.memory()), (bytes.len(), bytes.len()));
        let (mut got, mut held) = (Vec::new(), Vec::new());
        while let Some(slice) = pieces.take(PIECE / 2) {
            got.extend_from_slice(&slice);
            held.push(pieces.memory());
        }
        assert!(got == bytes);
        assert_eq!(held, [2 * PIECE + 10, PIECE + 10, PIECE + 10, 10, 0]);
        assert_eq!(pieces.len(), 0);
    }

    #[test]
    fn little_takes_one_piece_and_nothing_takes_none() {
        let mut pieces = Pieces::with_capacity(10);
        pieces.write_all(b"little").unwrap();
        assert_eq!(pieces.take(1 << 20).unwrap(), "little");
        assert_eq!(pieces.take(1 << 20), None);
    }
}

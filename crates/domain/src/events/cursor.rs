//! A client's position in the log.

use std::fmt;

use crate::ids::Position;

/// Tells the positions of one log from those of another: it changes when positions start to mean something else, by
/// a restore or a move to another database. 1 to 64 ASCII letters and digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Epoch(String);

impl Epoch {
    /// The most characters it may have.
    pub const MAX_LENGTH: usize = 64;

    /// Wraps an epoch; `None` where it is none.
    pub fn parse(text: &str) -> Option<Self> {
        let is_one =
            (1..=Self::MAX_LENGTH).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric());
        is_one.then(|| Self(text.to_owned()))
    }

    /// The epoch as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A place in one log: all up to it is known to whoever holds the cursor. To clients it is opaque.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    /// Of which log.
    pub epoch: Epoch,
    /// The last event that is known.
    pub position: Position,
}

impl Cursor {
    /// Reads what [`Display`](fmt::Display) has written; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let (epoch, position) = text.split_once('-')?;
        let number: i64 = position.parse().ok()?;
        // One text for each cursor: no sign, no leading zero.
        let is_plain = number >= 0 && number.to_string() == position;
        is_plain.then_some(())?;
        Some(Self { epoch: Epoch::parse(epoch)?, position: Position::new(number) })
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.epoch.0, self.position)
    }
}

/// The log, as far as it can be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogState {
    /// Distinguishes its positions from those of other logs.
    pub epoch: Epoch,
    /// The last event.
    pub head: Position,
    /// The lowest valid cursor: events up to this position may have been removed.
    pub removed: Position,
}

impl LogState {
    /// Whether all events after the cursor are available.
    pub fn serves(&self, cursor: &Cursor) -> bool {
        cursor.epoch == self.epoch && (self.removed..=self.head).contains(&cursor.position)
    }

    /// The cursor after the last event.
    pub fn now(&self) -> Cursor {
        Cursor { epoch: self.epoch.clone(), position: self.head }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_reads_back_as_it_was_written() {
        let cursor = Cursor { epoch: Epoch::parse("0badc0de").unwrap(), position: Position::new(42) };
        assert_eq!(cursor.to_string(), "0badc0de-42");
        assert_eq!(Cursor::parse("0badc0de-42"), Some(cursor));
    }

    #[test]
    fn every_place_of_every_log_has_a_cursor() {
        for epoch in ["e", "0", "Zz9", &"e".repeat(Epoch::MAX_LENGTH)] {
            for position in [0, 1, 10, i64::MAX] {
                let epoch = Epoch::parse(epoch).unwrap();
                let cursor = Cursor { epoch, position: Position::new(position) };
                assert_eq!(Cursor::parse(&cursor.to_string()), Some(cursor));
            }
        }
    }

    #[test]
    fn an_epoch_is_letters_and_digits() {
        for wrong in ["", "a b", "a-b", "é", &"e".repeat(Epoch::MAX_LENGTH + 1)] {
            assert_eq!(Epoch::parse(wrong), None, "{wrong}");
        }
        assert_eq!(Epoch::parse("aZ09").unwrap().as_str(), "aZ09");
    }

    #[test]
    fn anything_else_is_no_cursor() {
        let long = format!("{}-1", "e".repeat(Epoch::MAX_LENGTH + 1));
        for wrong in
            ["", "-", "e-", "-1", "e-01", "e-+1", "e--1", "e-1-1", "é-1", "e-99999999999999999999", &long]
        {
            assert_eq!(Cursor::parse(wrong), None, "{wrong}");
        }
    }
}

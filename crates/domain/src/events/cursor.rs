//! A client's position in the log.

use std::fmt;

use crate::ids::Position;

/// Identifies a log: it changes when positions get a new meaning, by a restore or a move to another database. 1 to 64
/// ASCII letters and digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Epoch(String);

impl Epoch {
    /// The maximum number of characters.
    pub const MAX_LENGTH: usize = 64;

    /// Parses an epoch. Returns `None` if the text is not one.
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

/// A position in one log. Its holder knows everything up to it. Opaque to clients.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    /// The log.
    pub epoch: Epoch,
    /// The last known event.
    pub position: Position,
}

impl Cursor {
    /// Parses what [`Display`](fmt::Display) writes. Returns `None` for any other text.
    pub fn parse(text: &str) -> Option<Self> {
        let (epoch, position) = text.split_once('-')?;
        let number: i64 = position.parse().ok()?;
        // Each cursor has exactly one text: no sign, no leading zero.
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

/// The state of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogState {
    /// Distinguishes this log's positions from those of other logs.
    pub epoch: Epoch,
    /// The position of the last event.
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
    fn a_cursor_survives_a_round_trip() {
        let cursor = Cursor { epoch: Epoch::parse("0badc0de").unwrap(), position: Position::new(42) };
        assert_eq!(cursor.to_string(), "0badc0de-42");
        assert_eq!(Cursor::parse("0badc0de-42"), Some(cursor));
    }

    #[test]
    fn every_position_of_every_log_has_a_cursor() {
        for epoch in ["e", "0", "Zz9", &"e".repeat(Epoch::MAX_LENGTH)] {
            for position in [0, 1, 10, i64::MAX] {
                let epoch = Epoch::parse(epoch).unwrap();
                let cursor = Cursor { epoch, position: Position::new(position) };
                assert_eq!(Cursor::parse(&cursor.to_string()), Some(cursor));
            }
        }
    }

    #[test]
    fn an_epoch_consists_of_letters_and_digits() {
        for wrong in ["", "a b", "a-b", "é", &"e".repeat(Epoch::MAX_LENGTH + 1)] {
            assert_eq!(Epoch::parse(wrong), None, "{wrong}");
        }
        assert_eq!(Epoch::parse("aZ09").unwrap().as_str(), "aZ09");
    }

    #[test]
    fn other_text_is_no_cursor() {
        let long = format!("{}-1", "e".repeat(Epoch::MAX_LENGTH + 1));
        for wrong in
            ["", "-", "e-", "-1", "e-01", "e-+1", "e--1", "e-1-1", "é-1", "e-99999999999999999999", &long]
        {
            assert_eq!(Cursor::parse(wrong), None, "{wrong}");
        }
    }
}

//! How far somebody has read, and what they say of it.

use crate::ids::{Seq, Version};
use crate::validation::{FieldError, Violation, ViolationCode};

/// How far somebody has read a group, or a thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadState {
    /// Messages up to this number are read.
    pub read_seq: Seq,
    /// The number of messages that are not read. With `read_seq` it gives the last number at that time.
    pub unread: i64,
    /// Increases when something is marked as unread. Of two states, the one with the greater version is newer; of
    /// the same version, the one that has read more.
    pub version: Version,
    /// How many of the messages that are not read mention the reader. At most the newest 100 that name them, or all who were
    /// online, are looked at, and at most 100 of those that mention all. Those by whom they have blocked don't count.
    pub unread_mentions: i64,
}

impl ReadState {
    /// The state of somebody who has read up to `read_seq` where the last message is `last_seq`, and whom none of those in
    /// between mentions.
    pub const fn of(read_seq: Seq, last_seq: Seq, version: Version) -> Self {
        Self { read_seq, unread: last_seq.get() - read_seq.get(), version, unread_mentions: 0 }
    }

    /// The same with so many unread mentions.
    #[must_use]
    pub const fn mentioning(self, unread_mentions: i64) -> Self {
        Self { unread_mentions, ..self }
    }
}

/// A read cursor after somebody has marked something as read or unread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Marked {
    /// Where it is now.
    pub state: ReadState,
    /// Whether it was elsewhere before.
    pub moved: bool,
}

/// What a reader marks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReadMark {
    /// As read: the messages up to this one. The cursor never moves back.
    Read(Seq),
    /// As unread: the messages from this one on. The cursor moves to just before it, wherever it was.
    UnreadFrom(Seq),
}

impl ReadMark {
    /// Where a cursor at `read_seq` is to go; `None` if it stays.
    pub(super) fn target(self, read_seq: Seq) -> Option<Seq> {
        match self {
            Self::Read(seq) => Some(seq).filter(|seq| *seq > read_seq),
            Self::UnreadFrom(seq) => Some(seq.previous()).filter(|before| *before != read_seq),
        }
    }

    /// Rejects a number of no message that the reader can have read, where the readable ones are those above `after`
    /// up to `last`.
    ///
    /// # Errors
    /// [`ViolationCode::OutOfRange`] in `seq`.
    pub(super) fn check(self, whose: &str, after: Seq, last: Seq) -> Result<(), FieldError> {
        let (seq, first) = match self {
            Self::Read(seq) => (seq, Seq::ZERO),
            Self::UnreadFrom(seq) => (seq, after.next()),
        };
        check_seq(seq, first, whose, last)
    }
}

/// Rejects a number that is not one of `first` to `last`.
///
/// # Errors
/// [`ViolationCode::OutOfRange`] in `seq`.
pub(super) fn check_seq(seq: Seq, first: Seq, whose: &str, last: Seq) -> Result<(), FieldError> {
    let detail = if seq > last {
        format!("must be at most the {whose} last seq, {last}, is {seq}")
    } else if seq < first {
        format!("must be at least {first}, is {seq}")
    } else {
        return Ok(());
    };
    Err(Violation::new(ViolationCode::OutOfRange, detail).in_field("seq"))
}

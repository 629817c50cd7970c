//! Identifiers, counters and versions: one type each, so that one is never passed for another.

use crate::validation::{Violation, ViolationCode};

/// The largest integer that every JSON client reads exactly (RFC 8259, section 6): 2^53 − 1.
pub const MAX_SAFE_INTEGER: i64 = (1 << 53) - 1;

macro_rules! integer_newtype {
    ($($(#[$doc:meta])* $name:ident;)+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(i64);

        impl $name {
            /// Wraps a value that is known to be good: one that the database gave out, or a literal.
            pub const fn new(value: i64) -> Self {
                Self(value)
            }

            /// The bare integer, for storage and for the wire.
            pub const fn get(self) -> i64 {
                self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }
    )+};
}

integer_newtype! {
    /// A user. Given by the database, never reused, also not after a deletion.
    UserId;
    /// A session, which is what an API key stands for.
    SessionId;
    /// A group.
    GroupId;
    /// A message, unique on the whole server.
    MessageId;
    /// A durable job.
    JobId;
    /// An event. Taken under the lock of the group that the event is about, so that the ids of a group's events
    /// go up in the order in which these happened; between them may be gaps.
    EventId;
    /// An event's place in the log: 1, 2, 3, … without a gap, in the order of delivery. 0 stands for "before the
    /// first". On a database with one writer (SQLite) it is equal to the event's id.
    Position;
    /// A message's number within its group: 1, 2, 3, … without a gap. 0 stands for "before the first".
    Seq;
    /// Counts the changes of an entity, from 1, so that a client can tell which of two states is newer.
    Version;
}

/// The distance between the ids of before a restore and those of after it: no server gives out so many in the time that
/// a backup is old.
const RESTORE_STRIDE: i64 = 1 << 32;

/// Where the counter of ids goes on after a restore, so that none is given out again that was given out since the
/// backup: at the next multiple of 2^32 after `head`, the greatest id that is known to have been given out. `None` when
/// the ids after it would not be [safe](MAX_SAFE_INTEGER) any more.
pub const fn head_after_restore(head: i64) -> Option<i64> {
    if head < 0 || head > MAX_SAFE_INTEGER - 2 * RESTORE_STRIDE {
        return None;
    }
    Some((head / RESTORE_STRIDE + 1) * RESTORE_STRIDE)
}

macro_rules! id_of_caller {
    ($($name:ident)+) => {$(
        impl $name {
            /// Checks an id that a caller names; whether there is such a thing is another matter.
            ///
            /// # Errors
            /// [`ViolationCode::OutOfRange`] outside 1 to [`MAX_SAFE_INTEGER`].
            pub fn parse(value: i64) -> Result<Self, Violation> {
                if (1..=MAX_SAFE_INTEGER).contains(&value) {
                    return Ok(Self(value));
                }
                let detail = format!("must be an integer from 1 to {MAX_SAFE_INTEGER}");
                Err(Violation::new(ViolationCode::OutOfRange, detail))
            }
        }
    )+};
}

id_of_caller! { UserId SessionId GroupId MessageId }

impl Seq {
    /// Before the first message.
    pub const ZERO: Self = Self(0);

    /// Checks a number that a caller names; whether there is such a message is another matter.
    ///
    /// # Errors
    /// [`ViolationCode::OutOfRange`] outside 0 to [`MAX_SAFE_INTEGER`].
    pub fn parse(value: i64) -> Result<Self, Violation> {
        if (0..=MAX_SAFE_INTEGER).contains(&value) {
            return Ok(Self(value));
        }
        Err(Violation::new(ViolationCode::OutOfRange, format!("must be 0 to {MAX_SAFE_INTEGER}")))
    }

    /// The number that follows.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl EventId {
    /// The id that follows.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl Position {
    /// Before the first event; the head of an empty log.
    pub const ZERO: Self = Self(0);

    /// The place that follows.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl Version {
    /// The version of an entity that was just created.
    pub const FIRST: Self = Self(1);

    /// The version after one more change.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_counts_goes_up_by_one() {
        assert_eq!(Seq::ZERO.next(), Seq::new(1));
        assert_eq!(EventId::new(41).next(), EventId::new(42));
        assert_eq!(Position::ZERO.next(), Position::new(1));
        assert_eq!((Version::FIRST, Version::FIRST.next()), (Version::new(1), Version::new(2)));
    }

    #[test]
    fn after_a_restore_ids_begin_at_a_multiple_that_was_never_reached() {
        const STRIDE: i64 = 1 << 32;
        for (head, next) in [
            (0, Some(STRIDE)),
            (1, Some(STRIDE)),
            (STRIDE - 1, Some(STRIDE)),
            (STRIDE, Some(2 * STRIDE)),
            (STRIDE + 1, Some(2 * STRIDE)),
            (MAX_SAFE_INTEGER - 2 * STRIDE, Some(MAX_SAFE_INTEGER + 1 - 2 * STRIDE)),
            (MAX_SAFE_INTEGER - STRIDE, None),
            (i64::MAX, None),
            (-1, None),
        ] {
            assert_eq!(head_after_restore(head), next, "{head}");
        }
    }

    #[test]
    fn a_number_that_a_caller_names_is_in_range() {
        for good in [0, 1, MAX_SAFE_INTEGER] {
            assert_eq!(Seq::parse(good), Ok(Seq::new(good)));
        }
        for bad in [-1, MAX_SAFE_INTEGER + 1, i64::MIN, i64::MAX] {
            assert_eq!(Seq::parse(bad).unwrap_err().code, ViolationCode::OutOfRange, "{bad}");
        }
    }

    #[test]
    fn an_id_that_a_caller_names_is_in_range() {
        for good in [1, MAX_SAFE_INTEGER] {
            assert_eq!(GroupId::parse(good), Ok(GroupId::new(good)));
        }
        for bad in [0, -1, MAX_SAFE_INTEGER + 1, i64::MIN, i64::MAX] {
            assert_eq!(UserId::parse(bad).unwrap_err().code, ViolationCode::OutOfRange, "{bad}");
        }
    }

    #[test]
    fn an_id_reads_as_its_integer() {
        assert_eq!(UserId::new(7).to_string(), "7");
        assert_eq!(UserId::new(7).get(), 7);
    }

    #[test]
    fn the_largest_integer_is_the_largest_that_a_double_counts_up_to() {
        #[expect(clippy::cast_precision_loss, reason = "the loss is what is looked for")]
        let as_double = |integer: i64| integer as f64;
        assert_ne!(as_double(MAX_SAFE_INTEGER - 1), as_double(MAX_SAFE_INTEGER));
        assert_eq!(as_double(MAX_SAFE_INTEGER + 1), as_double(MAX_SAFE_INTEGER + 2));
    }
}

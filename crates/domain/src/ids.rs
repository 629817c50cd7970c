//! Identifiers, counters and versions: one type each, so that one is never passed for another. Those that only one
//! feature uses are in its `model.rs`.

use crate::time::Timestamp;
use crate::validation::{Violation, ViolationCode};

/// The largest integer that every JSON client reads exactly (RFC 8259, section 6): 2^53 − 1.
pub const MAX_SAFE_INTEGER: i64 = (1 << 53) - 1;

/// Makes a type of an integer.
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

pub(crate) use integer_newtype;

integer_newtype! {
    /// A user. Given by the database, never reused, also not after a deletion.
    UserId;
    /// A session. Each API key belongs to one.
    SessionId;
    /// A token, which is a session.
    TokenId;
    /// A passkey.
    PasskeyId;
    /// A group.
    GroupId;
    /// A role on the server.
    RoleId;
    /// A message, unique on the whole server.
    MessageId;
    /// An invitation to a group.
    InvitationId;
    /// An invite link to a group.
    InviteLinkId;
    /// An invite to the server.
    ServerInviteId;
    /// A scheduled message. The message that is sent gets an id of its own.
    ScheduledId;
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

/// The distance between the ids of before a restore and those of after it where the clock doesn't tell it: no server
/// gives out so many in the time that a backup is old.
const RESTORE_STRIDE: i64 = 1 << 32;

/// 2024-01-01T00:00:00Z, in microseconds since the Unix epoch.
const RESTORE_EPOCH_MICROS: i64 = 1_704_067_200_000_000;

/// How far a clock moves ids at most: 7/8 of all there are, reached in September 2273, after 249 years. The rest is
/// room for 2^18 restores by [`RESTORE_STRIDE`], also after one under a clock that was centuries ahead.
const LAST_OF_CLOCK: i64 = 7 << 50;

/// Where the counter of ids goes on after a restore at `now`. `head` is the greatest id that is known to have been
/// given out: by the backup, and by the database that it replaces. `None` when the ids after it would not be
/// [safe](MAX_SAFE_INTEGER) any more.
///
/// It is the number of microseconds since 2024, which holds even where nobody knows what was given out, as when one
/// backup is restored twice and the database in between is lost: no table gives out a million ids a second on average,
/// so ids that begin at the time of one restore are below the time of the next one, however soon it follows.
///
/// Where the clock is not beyond `head`, since it was set back, it is the next multiple of 2^32 after `head` instead;
/// also where the clock is not to be believed: before 2024 and in its first 72 minutes (2^32 microseconds), and after
/// September 2273.
pub const fn head_after_restore(head: i64, now: Timestamp) -> Option<i64> {
    if head < 0 || head > MAX_SAFE_INTEGER - 2 * RESTORE_STRIDE {
        return None;
    }
    let by_clock = now.as_micros().saturating_sub(RESTORE_EPOCH_MICROS);
    let is_believed = RESTORE_STRIDE <= by_clock && by_clock <= LAST_OF_CLOCK;
    Some(if is_believed && by_clock > head { by_clock } else { (head / RESTORE_STRIDE + 1) * RESTORE_STRIDE })
}

macro_rules! id_of_caller {
    ($($name:ident)+) => {$(
        impl $name {
            /// Checks a number that a caller names; whether there is such a thing is another matter.
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

id_of_caller! {
    UserId SessionId TokenId PasskeyId RoleId GroupId InvitationId InviteLinkId ServerInviteId MessageId ScheduledId Version
}

impl SessionId {
    /// No session has this id: of who acts without one.
    pub const NONE: Self = Self(0);
}

impl TokenId {
    /// The session that the token is.
    pub const fn session(self) -> SessionId {
        SessionId(self.0)
    }
}

impl From<SessionId> for TokenId {
    fn from(session: SessionId) -> Self {
        Self(session.0)
    }
}

impl Seq {
    /// Before the first message.
    pub const ZERO: Self = Self(0);

    /// The number before this one; of the first, and of none, [`Self::ZERO`].
    #[must_use]
    pub const fn previous(self) -> Self {
        if self.0 > 0 { Self(self.0 - 1) } else { self }
    }

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
        assert_eq!([2, 1, 0].map(|seq| Seq::new(seq).previous()), [1, 0, 0].map(Seq::new));
        assert_eq!(EventId::new(41).next(), EventId::new(42));
        assert_eq!(Position::ZERO.next(), Position::new(1));
        assert_eq!((Version::FIRST, Version::FIRST.next()), (Version::new(1), Version::new(2)));
    }

    #[test]
    fn after_a_restore_without_a_clock_ids_begin_at_a_multiple_that_was_never_reached() {
        for (head, next) in [
            (0, Some(STRIDE)),
            (1, Some(STRIDE)),
            (STRIDE - 1, Some(STRIDE)),
            (STRIDE, Some(2 * STRIDE)),
            (STRIDE + 1, Some(2 * STRIDE)),
            (MAX_SAFE_INTEGER - 2 * STRIDE, Some(MAX_SAFE_INTEGER + 1 - 2 * STRIDE)),
            (MAX_SAFE_INTEGER - 2 * STRIDE + 1, None),
            (MAX_SAFE_INTEGER - STRIDE, None),
            (i64::MAX, None),
            (-1, None),
        ] {
            assert_eq!(head_after_restore(head, Timestamp::from_micros(0)), next, "{head}");
        }
    }

    const STRIDE: i64 = 1 << 32;
    const DAY: i64 = 24 * 3600 * 1_000_000;

    /// So many microseconds after the beginning of 2024.
    fn in_2024_plus(micros: i64) -> Timestamp {
        Timestamp::from_micros(19_723 * DAY + micros)
    }

    #[test]
    fn after_a_restore_ids_begin_at_the_time_unless_they_are_beyond_it() {
        let year = 365 * DAY;
        for (head, micros, next) in [
            (0, year, year),
            (7, year + 1, year + 1),
            (year - 1, year, year),
            (year, year, (year / STRIDE + 1) * STRIDE),
            (5 * year, year, (5 * year / STRIDE + 1) * STRIDE),
            (7, STRIDE + 1, STRIDE + 1),
            (7, STRIDE - 1, STRIDE),
            (7, -1, STRIDE),
        ] {
            assert_eq!(head_after_restore(head, in_2024_plus(micros)), Some(next), "{head}, {micros}");
        }
    }

    #[test]
    fn ids_of_two_restores_of_one_backup_differ_while_a_million_a_second_are_not_reached() {
        let (backup, first, ids) = (1_000, in_2024_plus(1_000 * DAY), 999_999);
        let second = first.plus(std::time::Duration::from_secs(1));
        let [first, second] = [first, second].map(|now| head_after_restore(backup, now).unwrap());
        assert!(first + ids < second);
    }

    #[test]
    fn the_clock_counts_for_249_years_and_an_absurd_one_never_uses_ids_up() {
        let end = 7 << 50;
        assert!(249 * 365 * DAY < end && end < MAX_SAFE_INTEGER);
        assert_eq!(head_after_restore(0, in_2024_plus(end)), Some(end));
        for absurd in
            [in_2024_plus(end + 1), Timestamp::from_micros(i64::MAX), Timestamp::from_micros(i64::MIN)]
        {
            assert_eq!(head_after_restore(3, absurd), Some(STRIDE), "{absurd:?}");
        }
        let room = (MAX_SAFE_INTEGER - end) / STRIDE;
        assert!(room > 250_000, "restores after one at the end: {room}");
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

//! How long messages stay in a group, and what was removed of them since.

use std::time::Duration;

use crate::ids::Seq;
use crate::validation::{Violation, ViolationCode};

/// How many days messages stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetentionDays(u16);

impl RetentionDays {
    /// Messages stay for ever.
    pub const FOREVER: Self = Self(0);
    /// The most days: a hundred years.
    pub const MAX: u16 = 36_500;

    /// Checks a number of days; 0 stands for ever.
    ///
    /// # Errors
    /// [`ViolationCode::OutOfRange`] unless it is 0 to [`MAX`](Self::MAX).
    pub fn parse(days: i64) -> Result<Self, Violation> {
        match u16::try_from(days) {
            Ok(days) if days <= Self::MAX => Ok(Self(days)),
            _ => {
                let detail = format!("must be 0 to {}, is {days}", Self::MAX);
                Err(Violation::new(ViolationCode::OutOfRange, detail))
            }
        }
    }

    /// The number of days; 0 for ever.
    pub const fn days(self) -> i64 {
        self.0 as i64
    }

    /// How old messages become; `None` where they stay for ever.
    pub const fn age(self) -> Option<Duration> {
        match self.0 {
            0 => None,
            days => Some(Duration::from_secs(days as u64 * 24 * 3600)),
        }
    }
}

/// Which retention those may choose who edit a group and don't manage the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetentionBounds {
    /// The least number of days.
    pub least: u16,
    /// The most days; `None` if messages may also stay for ever.
    pub most: Option<u16>,
}

impl Default for RetentionBounds {
    fn default() -> Self {
        Self { least: 1, most: None }
    }
}

impl RetentionBounds {
    /// Rejects what is not within them.
    ///
    /// # Errors
    /// [`ViolationCode::OutOfRange`].
    pub fn check(&self, wanted: RetentionDays) -> Result<(), Violation> {
        let is_within = match (wanted.0, self.most) {
            (0, most) => most.is_none(),
            (days, most) => days >= self.least && most.is_none_or(|most| days <= most),
        };
        if is_within {
            return Ok(());
        }
        let (least, days) = (self.least, wanted.0);
        let detail = match self.most {
            Some(most) => format!("must be {least} to {most}, is {days}"),
            None => format!("must be at least {least}, or 0 for ever, is {days}"),
        };
        Err(Violation::new(ViolationCode::OutOfRange, detail))
    }
}

/// Another retention of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetentionChange {
    /// How long messages are to stay; `None` leaves it to the server.
    pub to: Option<RetentionDays>,
    /// What those may choose who don't manage the server.
    pub within: RetentionBounds,
}

/// The messages of a group with these numbers, and the replies to them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SeqSpan {
    /// The first number.
    pub first: Seq,
    /// The last number, which is not below the first.
    pub last: Seq,
}

impl SeqSpan {
    /// One message.
    pub const fn of_one(seq: Seq) -> Self {
        Self { first: seq, last: seq }
    }

    /// Whether a number is one of these.
    pub fn contains(&self, seq: Seq) -> bool {
        self.first <= seq && seq <= self.last
    }
}

/// What was removed of a group's messages for their age.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trimmed {
    /// All up to this number are gone, with the replies to them, but for those that are exempt.
    pub upto: Seq,
    /// Messages that are being removed in several steps: nobody reads them any more.
    pub hidden: Option<SeqSpan>,
}

impl Trimmed {
    /// Nothing was removed.
    pub const NOTHING: Self = Self { upto: Seq::ZERO, hidden: None };

    /// Whether the messages with this number, and the replies to them, are about to be removed.
    pub fn hides(&self, seq: Seq) -> bool {
        self.hidden.is_some_and(|hidden| hidden.contains(seq))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days(days: i64) -> RetentionDays {
        RetentionDays::parse(days).unwrap()
    }

    #[test]
    fn days_are_up_to_a_hundred_years_or_for_ever() {
        for count in [1, 30, 36_500] {
            assert_eq!(days(count).days(), count);
            assert_eq!(days(count).age().unwrap().as_secs(), u64::try_from(count).unwrap() * 86_400);
        }
        assert_eq!(days(0), RetentionDays::FOREVER);
        assert_eq!(RetentionDays::FOREVER.age(), None);
        for count in [i64::MIN, -1, 36_501, 65_536, i64::MAX] {
            assert_eq!(RetentionDays::parse(count).unwrap_err().code, ViolationCode::OutOfRange, "{count}");
        }
    }

    #[test]
    fn bounds_hold_and_a_most_leaves_no_for_ever() {
        let bounds = |least, most| RetentionBounds { least, most };
        for (bounds, allowed, rejected) in [
            (RetentionBounds::default(), &[0, 1, 36_500][..], &[][..]),
            (bounds(30, None), &[0, 30, 31], &[1, 29]),
            (bounds(30, Some(90)), &[30, 90], &[0, 29, 91]),
            (bounds(7, Some(7)), &[7], &[0, 6, 8]),
        ] {
            for count in allowed {
                assert_eq!(bounds.check(days(*count)), Ok(()), "{bounds:?} {count}");
            }
            for count in rejected {
                let violation = bounds.check(days(*count)).unwrap_err();
                assert_eq!(violation.code, ViolationCode::OutOfRange, "{bounds:?} {count}");
            }
        }
    }

    #[test]
    fn what_is_hidden_is_what_is_being_removed() {
        let hidden = SeqSpan { first: Seq::new(3), last: Seq::new(5) };
        let trimmed = Trimmed { upto: Seq::new(5), hidden: Some(hidden) };
        let seqs = (1..8).map(Seq::new);
        let found: Vec<_> = seqs.filter(|seq| trimmed.hides(*seq)).map(Seq::get).collect();
        assert_eq!(found, [3, 4, 5]);
        assert!(!Trimmed { hidden: None, ..trimmed }.hides(Seq::new(4)));
    }
}

//! What keeps somebody out of a group, or from writing in it.

use crate::accounts::UserRef;
use crate::ids::UserId;
use crate::permissions::BanTerm;
use crate::text::{TextBytes, one_line, text_newtype};
use crate::time::Timestamp;
use crate::validation::{FieldError, Violation, in_future};

/// How many bans of a group may last at a time. More than a moderator makes, and few enough to list.
pub const MAX_BANS: u32 = 10_000;

/// Why somebody is kept out: 1–250 characters on one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason(String);
text_newtype!(Reason);

impl Reason {
    /// The most characters a reason may have.
    pub const MAX_LENGTH: usize = 250;

    /// Normalizes and checks a reason; surrounding white space is dropped.
    ///
    /// # Errors
    /// The rule that it breaks.
    pub fn parse(text: &str) -> Result<Self, Violation> {
        one_line(text, Self::MAX_LENGTH).map(Self)
    }
}

/// How to restrict somebody: why, and how long.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RestrictionDraft {
    /// Why.
    pub reason: Option<Reason>,
    /// When it ends; `None` for one that lasts until somebody ends it.
    pub until: Option<Timestamp>,
}

impl RestrictionDraft {
    /// Rejects an end that is not in the future.
    pub(super) fn check(&self, now: Timestamp) -> Result<(), FieldError> {
        in_future(self.until, now).map_err(|violation| violation.in_field("until"))
    }
}

/// That somebody may write nothing in a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mute {
    /// When it ends by itself; [`WITHOUT_END`](Self::WITHOUT_END) for one that lasts until somebody ends it.
    pub until: Timestamp,
    /// Why. Only for the muted, and for those who may mute.
    pub reason: Option<Reason>,
}

impl Mute {
    /// The end of a mute that has none: 9999-01-01T00:00:00Z, which is later than anybody sees.
    pub const WITHOUT_END: Timestamp = Timestamp::from_micros(253_370_764_800_000_000);
}

impl From<RestrictionDraft> for Mute {
    fn from(RestrictionDraft { reason, until }: RestrictionDraft) -> Self {
        Self { until: until.unwrap_or(Self::WITHOUT_END), reason }
    }
}

impl TextBytes for Mute {
    fn text_bytes(&self) -> usize {
        self.reason.text_bytes()
    }
}

/// Somebody who is banned from a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ban {
    /// The user.
    pub user: UserRef,
    /// Why.
    pub reason: Option<Reason>,
    /// When it ends by itself; `None` for a ban that lasts until somebody ends it.
    pub until: Option<Timestamp>,
    /// Who banned them. That account may be deleted.
    pub banned_by: UserId,
    /// Since when.
    pub created_at: Timestamp,
    /// When the reason and the end were set. The user is told of them by the event of that time, and by no other one that
    /// is read back from the log.
    pub terms_at: Timestamp,
}

impl Ban {
    /// How long it lasts.
    pub const fn term(&self) -> BanTerm {
        BanTerm { until: self.until }
    }
}

impl TextBytes for Ban {
    fn text_bytes(&self) -> usize {
        self.user.text_bytes() + self.reason.text_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::NOW;
    use crate::validation::ViolationCode;

    #[test]
    fn a_reason_is_one_line() {
        assert_eq!(Reason::parse("  spam ").unwrap().as_str(), "spam");
        for text in ["", " ", "a\nb", &"x".repeat(251)] {
            assert!(Reason::parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn an_end_is_in_the_future() {
        let until = |until| RestrictionDraft { reason: None, until }.check(NOW);
        assert_eq!(until(None), Ok(()));
        assert_eq!(until(Some(Timestamp::from_micros(NOW.as_micros() + 1))), Ok(()));
        for past in [NOW, Timestamp::from_micros(0)] {
            let error = until(Some(past)).unwrap_err();
            assert_eq!((error.field.as_str(), error.violation.code), ("until", ViolationCode::OutOfRange));
        }
    }
}

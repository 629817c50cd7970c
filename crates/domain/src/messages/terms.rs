//! On what terms an author changes or deletes a message.

use std::time::Duration;

use crate::ids::Version;
use crate::messages::error::MessageRefusal;
use crate::messages::model::Message;
use crate::time::Timestamp;

/// How long authors may change and delete their messages, counted from when they were sent; `None` for ever. Chosen by
/// the operator.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ChangeWindows {
    /// How long they may edit them.
    pub edit: Option<Duration>,
    /// How long they may delete them.
    pub delete: Option<Duration>,
}

/// On what terms a message is edited or deleted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ChangeTerms {
    /// Only if the message still has this version.
    pub if_version: Option<Version>,
    /// Only so long after it was sent.
    pub within: Option<Duration>,
}

impl ChangeTerms {
    /// Rejects a change of a message that was sent too long ago. A time that is as far in the future comes from a clock
    /// that was wrong, and counts as long past.
    ///
    /// # Errors
    /// [`MessageRefusal::TooLate`].
    pub(super) fn require_in_time(&self, message: &Message, now: Timestamp) -> Result<(), MessageRefusal> {
        let Some(within) = self.within else { return Ok(()) };
        let until = message.created_at.plus(within);
        if now <= until && message.created_at <= now.plus(within) {
            return Ok(());
        }
        Err(MessageRefusal::TooLate { until: until.min(now) })
    }

    /// Rejects a change of a message that has changed since the caller saw it.
    ///
    /// # Errors
    /// [`MessageRefusal::VersionConflict`].
    pub(super) fn require_version(&self, message: &Message) -> Result<(), MessageRefusal> {
        match self.if_version {
            Some(seen) if seen != message.version => {
                Err(MessageRefusal::VersionConflict { current: message.version })
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{EARLIER, ME, NOW, message};

    const MINUTE: Duration = Duration::from_mins(1);

    fn sent_at(created_at: Timestamp) -> Message {
        Message { created_at, ..message(ME) }
    }

    fn refused(created_at: Timestamp) -> Option<Timestamp> {
        let terms = ChangeTerms { within: Some(MINUTE), ..ChangeTerms::default() };
        match terms.require_in_time(&sent_at(created_at), NOW) {
            Ok(()) => None,
            Err(MessageRefusal::TooLate { until }) => Some(until),
            Err(refusal) => panic!("{refusal}"),
        }
    }

    #[test]
    fn a_window_begins_when_the_message_is_sent() {
        let micro = Duration::from_micros(1);
        for created_at in [NOW, NOW.minus(MINUTE)] {
            assert_eq!(refused(created_at), None);
        }
        assert_eq!(refused(NOW.minus(MINUTE).minus(micro)), Some(NOW.minus(micro)));
        assert_eq!(ChangeTerms::default().require_in_time(&sent_at(EARLIER), NOW), Ok(()));
    }

    #[test]
    fn a_clock_that_was_a_little_ahead_closes_no_window_and_one_that_was_far_ahead_does() {
        assert_eq!(refused(NOW.plus(MINUTE)), None);
        assert_eq!(refused(NOW.plus(MINUTE * 2)), Some(NOW));
    }

    #[test]
    fn only_the_version_that_was_seen_is_changed() {
        let current = message(ME).version;
        for (seen, outcome) in [
            (None, Ok(())),
            (Some(current), Ok(())),
            (Some(Version::FIRST), Err(MessageRefusal::VersionConflict { current })),
            (Some(current.next()), Err(MessageRefusal::VersionConflict { current })),
        ] {
            let terms = ChangeTerms { if_version: seen, ..ChangeTerms::default() };
            assert_eq!(terms.require_version(&message(ME)), outcome);
        }
    }
}

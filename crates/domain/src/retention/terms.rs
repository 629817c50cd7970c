//! How long messages stay on the server.

use std::time::Duration;

use crate::groups::RetentionDays;
use crate::retention::repository::{AgedMessage, TrimState};
use crate::time::Timestamp;

/// What the server says of how long messages stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetentionTerms {
    /// How old messages become in groups that have no retention of their own; `None` for ever.
    pub age: Option<Duration>,
    /// Whether messages that are pinned stay, with the replies to them, and with those among which one is pinned.
    pub keeps_pinned: bool,
}

/// From when on messages stay, at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct AgeLimit {
    before: Timestamp,
    now: Timestamp,
}

/// What the time of a message says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Age {
    /// It has been there for too long.
    Old,
    /// It stays.
    Young,
    /// It was sent by a clock that was ahead: it is as old as the next one.
    Unknown,
}

impl RetentionTerms {
    /// From when on messages of a group stay; `None` if all do.
    pub(super) fn limit(&self, days: Option<RetentionDays>, now: Timestamp) -> Option<AgeLimit> {
        let age = days.map_or(self.age, RetentionDays::age)?;
        Some(AgeLimit { before: now.minus(age), now })
    }

    /// Whether there may be something to remove from a group.
    pub(super) fn concern(&self, state: &TrimState, now: Timestamp) -> bool {
        if state.trimmed.hidden.is_some() {
            return true;
        }
        let Some(limit) = self.limit(state.days, now) else { return false };
        state.kept > 0 || state.next_at.is_some_and(|at| limit.age_of(at) != Age::Young)
    }
}

impl AgeLimit {
    pub(super) fn age_of(&self, at: Timestamp) -> Age {
        if at > self.now {
            Age::Unknown
        } else if at < self.before {
            Age::Old
        } else {
            Age::Young
        }
    }

    pub(super) fn is_old(&self, message: &AgedMessage) -> bool {
        self.age_of(message.at) == Age::Old
    }
}

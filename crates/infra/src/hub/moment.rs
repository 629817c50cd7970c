//! The current time, on both clocks.

use std::time::Duration;

use groupchat_domain::events::Passing;
use groupchat_domain::time::{Clock, Timestamp};

/// Now, by both clocks: who is there and who types is measured by the one that nobody sets, and told by the one that
/// people read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment {
    /// What is measured by: microseconds since some moment of this process.
    pub(super) steady: Timestamp,
    now: Timestamp,
}

impl Moment {
    /// This moment.
    pub(super) fn of(clock: &dyn Clock) -> Self {
        Self { steady: Timestamp::from_micros(0).plus(clock.steady()), now: clock.now() }
    }

    /// What was measured, as it is told.
    pub(super) fn told(self, mut passing: Passing) -> Passing {
        match &mut passing {
            Passing::PresenceChanged { last_seen_at: Some(at), .. }
            | Passing::Typing { until: Some(at), .. } => *at = self.time(*at),
            _ => {}
        }
        passing
    }

    /// When a measured time was, or will be, by the clock as it is set now.
    pub(super) fn time(self, measured: Timestamp) -> Timestamp {
        let away = measured.as_micros() - self.steady.as_micros();
        let distance = Duration::from_micros(away.unsigned_abs());
        if away < 0 { self.now.minus(distance) } else { self.now.plus(distance) }
    }
}

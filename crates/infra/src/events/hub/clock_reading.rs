//! The current time, on both clocks.

use std::time::Duration;

use groupchat_domain::events::EphemeralEvent;
use groupchat_domain::time::{Clock, Timestamp};

/// The present time by both clocks: presence and typing are measured by the steady clock and reported by the wall
/// clock.
#[derive(Debug, Clone, Copy)]
pub(super) struct ClockReading {
    /// What is measured by: microseconds since some moment of this process.
    pub(super) steady: Timestamp,
    now: Timestamp,
}

impl ClockReading {
    /// This moment.
    pub(super) fn of(clock: &dyn Clock) -> Self {
        Self { steady: Timestamp::from_micros(0).plus(clock.steady()), now: clock.now() }
    }

    /// A measured event with its times by the wall clock.
    pub(super) fn in_wall_time(self, mut ephemeral: EphemeralEvent) -> EphemeralEvent {
        match &mut ephemeral {
            EphemeralEvent::PresenceChanged { last_seen_at: Some(at), .. }
            | EphemeralEvent::Typing { until: Some(at), .. } => *at = self.wall_time(*at),
            _ => {}
        }
        ephemeral
    }

    /// When a measured time was, or will be, by the clock as it is set now.
    pub(super) fn wall_time(self, measured: Timestamp) -> Timestamp {
        let away = measured.as_micros() - self.steady.as_micros();
        let distance = Duration::from_micros(away.unsigned_abs());
        if away < 0 { self.now.minus(distance) } else { self.now.plus(distance) }
    }
}

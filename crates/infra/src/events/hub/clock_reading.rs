//! The current time, on both clocks.

use std::time::Duration;

use groupchat_domain::events::EphemeralEvent;
use groupchat_domain::time::{Clock, Timestamp};

/// The time on both clocks at one moment. Presence and typing are measured on the steady clock and reported in
/// wall-clock time.
#[derive(Debug, Clone, Copy)]
pub(super) struct ClockReading {
    /// The steady clock: microseconds since an arbitrary moment of this process.
    pub(super) steady: Timestamp,
    /// The wall clock.
    pub(super) now: Timestamp,
}

impl ClockReading {
    /// Reads both clocks.
    pub(super) fn of(clock: &dyn Clock) -> Self {
        Self { steady: Timestamp::from_micros(0).plus(clock.steady()), now: clock.now() }
    }

    /// Converts the times in an ephemeral event from the steady clock to wall-clock time.
    pub(super) fn in_wall_time(self, mut ephemeral: EphemeralEvent) -> EphemeralEvent {
        match &mut ephemeral {
            EphemeralEvent::PresenceChanged { last_seen_at: Some(at), .. }
            | EphemeralEvent::Typing { until: Some(at), .. } => *at = self.wall_time(*at),
            _ => {}
        }
        ephemeral
    }

    /// Converts a time on the steady clock to wall-clock time, by the wall clock as it is set now.
    pub(super) fn wall_time(self, measured: Timestamp) -> Timestamp {
        let away = measured.as_micros() - self.steady.as_micros();
        let distance = Duration::from_micros(away.unsigned_abs());
        if away < 0 { self.now.minus(distance) } else { self.now.plus(distance) }
    }
}

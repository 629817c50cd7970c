//! A clock that tests can move.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use groupchat_domain::time::{Clock, Timestamp};
use groupchat_infra::clock::SystemClock;

/// The clock of the system, or one that stands still, as far ahead as a test has moved it.
#[derive(Default)]
pub(super) struct MovableClock {
    stands_at: Option<Timestamp>,
    seconds_ahead: AtomicU64,
}

impl MovableClock {
    /// A clock that only a test moves.
    pub(super) fn standing_at(time: Timestamp) -> Self {
        Self { stands_at: Some(time), ..Self::default() }
    }

    /// Moves the clock ahead.
    pub(super) fn advance(&self, by: Duration) {
        self.seconds_ahead.fetch_add(by.as_secs(), Ordering::SeqCst);
    }
}

impl Clock for MovableClock {
    fn now(&self) -> Timestamp {
        let start = self.stands_at.unwrap_or_else(|| SystemClock.now());
        start.plus(Duration::from_secs(self.seconds_ahead.load(Ordering::SeqCst)))
    }

    fn steady(&self) -> Duration {
        let passed = if self.stands_at.is_some() { Duration::ZERO } else { SystemClock.steady() };
        passed + Duration::from_secs(self.seconds_ahead.load(Ordering::SeqCst))
    }
}

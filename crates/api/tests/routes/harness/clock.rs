//! A clock that tests can move.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use groupchat_domain::time::{Clock, Timestamp};
use groupchat_infra::clock::SystemClock;

/// The clock of the system, as far ahead as a test has moved it.
#[derive(Default)]
pub struct MovableClock {
    seconds_ahead: AtomicU64,
}

impl MovableClock {
    /// Moves the clock ahead.
    pub fn advance(&self, by: Duration) {
        self.seconds_ahead.fetch_add(by.as_secs(), Ordering::SeqCst);
    }
}

impl Clock for MovableClock {
    fn now(&self) -> Timestamp {
        SystemClock.now().plus(Duration::from_secs(self.seconds_ahead.load(Ordering::SeqCst)))
    }
}

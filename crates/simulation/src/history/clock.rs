//! A clock that shows what it is set to.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use groupchat_domain::time::{Clock, Timestamp};

/// When histories begin.
const BEGINNING: i64 = 1_700_000_000_000_000;

/// Shows the time that it is set to.
#[derive(Debug)]
pub struct SetClock(AtomicI64);

impl Default for SetClock {
    fn default() -> Self {
        Self(AtomicI64::new(BEGINNING))
    }
}

impl SetClock {
    /// Moves the clock by so many microseconds, also back.
    pub fn advance(&self, micros: i64) {
        self.0.fetch_add(micros, Ordering::SeqCst);
    }

    /// Sets the clock.
    pub fn set(&self, to: Timestamp) {
        self.0.store(to.as_micros(), Ordering::SeqCst);
    }
}

impl Clock for SetClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.load(Ordering::SeqCst))
    }

    fn steady(&self) -> Duration {
        Duration::from_micros(self.0.load(Ordering::SeqCst).unsigned_abs())
    }
}

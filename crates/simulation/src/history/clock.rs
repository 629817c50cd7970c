//! A clock that shows what it is set to.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use groupchat_domain::time::{Clock, Timestamp};

/// When histories begin.
const BEGINNING: i64 = 1_700_000_000_000_000;

/// Shows the time that it is set to.
#[derive(Debug)]
pub struct SetClock {
    now: AtomicI64,
    /// By how much it goes on each time that it is looked at.
    tick: i64,
}

impl Default for SetClock {
    fn default() -> Self {
        Self { now: AtomicI64::new(BEGINNING), tick: 0 }
    }
}

impl SetClock {
    /// A clock that never shows the same time twice: each command has one of its own.
    pub fn ticking() -> Self {
        Self { tick: 1, ..Self::default() }
    }

    /// Moves the clock by so many microseconds, also back.
    pub fn advance(&self, micros: i64) {
        self.now.fetch_add(micros, Ordering::SeqCst);
    }

    /// Sets the clock.
    pub fn set(&self, to: Timestamp) {
        self.now.store(to.as_micros(), Ordering::SeqCst);
    }
}

impl Clock for SetClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.now.fetch_add(self.tick, Ordering::SeqCst))
    }

    fn steady(&self) -> Duration {
        Duration::from_micros(self.now.load(Ordering::SeqCst).unsigned_abs())
    }
}

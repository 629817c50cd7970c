//! How the workers wake the log thread.

use std::sync::PoisonError;
use std::time::Duration;

use crate::executor::sync::{Condvar, Mutex, locked};

/// Why the thread was woken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wake {
    /// The time is up.
    None,
    /// Events were stored.
    Stored,
    /// No more events will be stored.
    Stop,
}

/// Wakes the thread. Several wakes while it is busy count as one.
pub(in crate::postgres) struct LogSignal {
    wake: Mutex<Wake>,
    changed: Condvar,
}

impl LogSignal {
    pub(in crate::postgres) const fn new() -> Self {
        Self { wake: Mutex::new(Wake::None), changed: Condvar::new() }
    }

    /// Events were stored.
    pub(in crate::postgres) fn wake(&self) {
        let mut wake = locked(&self.wake);
        if *wake == Wake::None {
            *wake = Wake::Stored;
            self.changed.notify_all();
        }
    }

    /// No more events will be stored.
    pub(in crate::postgres) fn stop(&self) {
        *locked(&self.wake) = Wake::Stop;
        self.changed.notify_all();
    }

    /// Waits until woken or until the time is up. After a stop it always returns at once.
    pub(super) fn wait(&self, time: Duration) -> Wake {
        let wake = locked(&self.wake);
        let (mut wake, _) = self
            .changed
            .wait_timeout_while(wake, time, |wake| *wake == Wake::None)
            .unwrap_or_else(PoisonError::into_inner);
        let heard = *wake;
        if heard == Wake::Stored {
            *wake = Wake::None;
        }
        heard
    }
}

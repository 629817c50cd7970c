//! How the workers wake the log thread.

use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

use crate::executor::sync::locked;

/// Why the thread was woken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Call {
    /// By nobody: time is up.
    None,
    /// Events were stored.
    Stored,
    /// No more events will be stored.
    Stop,
}

/// Wakes the thread. Many wakes while it works are one.
pub(in crate::postgres) struct LogSignal {
    call: Mutex<Call>,
    changed: Condvar,
}

impl LogSignal {
    pub(in crate::postgres) const fn new() -> Self {
        Self { call: Mutex::new(Call::None), changed: Condvar::new() }
    }

    /// Events were stored.
    pub(in crate::postgres) fn wake(&self) {
        let mut call = locked(&self.call);
        if *call == Call::None {
            *call = Call::Stored;
            self.changed.notify_all();
        }
    }

    /// No more events will be stored.
    pub(in crate::postgres) fn stop(&self) {
        *locked(&self.call) = Call::Stop;
        self.changed.notify_all();
    }

    /// Waits until woken or time is up. Once stopped, it stays so.
    pub(super) fn wait(&self, time: Duration) -> Call {
        let call = locked(&self.call);
        let (mut call, _) = self
            .changed
            .wait_timeout_while(call, time, |call| *call == Call::None)
            .unwrap_or_else(PoisonError::into_inner);
        let heard = *call;
        if heard == Call::Stored {
            *call = Call::None;
        }
        heard
    }
}

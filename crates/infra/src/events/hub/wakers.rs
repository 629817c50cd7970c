//! Waking listeners.

use std::task::Waker;

/// The wakers of listeners to wake once a batch of events is queued. Each is woken once per batch, without a lock held,
/// because a waker may run arbitrary code.
#[derive(Debug, Default)]
pub(super) struct Wakers(Vec<Waker>);

impl Wakers {
    /// Adds a listener's waker, if the listener waits.
    pub(super) fn add(&mut self, waker: Option<Waker>) {
        self.0.extend(waker);
    }

    /// Wakes them. Call it without holding a lock.
    pub(super) fn wake(self) {
        for waker in self.0 {
            waker.wake();
        }
    }
}

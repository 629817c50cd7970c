//! Waking listeners.

use std::task::Waker;

/// The wakers of subscribers to wake once a batch of events is queued: each once, however many events there were, and
/// with no lock held, since a waker may run anything.
#[derive(Debug, Default)]
pub(super) struct Wakers(Vec<Waker>);

impl Wakers {
    /// Adds a listener, if it waits.
    pub(super) fn add(&mut self, waker: Option<Waker>) {
        self.0.extend(waker);
    }

    /// Wakes them. Call it with nothing locked.
    pub(super) fn wake(self) {
        for waker in self.0 {
            waker.wake();
        }
    }
}

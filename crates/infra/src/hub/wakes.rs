//! Waking listeners.

use std::task::Waker;

/// Who is to be woken once a batch of events is in the queues: each once, however many events there were, and with
/// nothing locked, since a waker may run anything.
#[derive(Debug, Default)]
pub(super) struct Wakes(Vec<Waker>);

impl Wakes {
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

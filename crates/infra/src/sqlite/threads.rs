//! The storage's threads, and waiting for their end with a deadline.

use std::convert::Infallible;
use std::io;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

/// Threads that end together.
#[derive(Debug)]
pub(super) struct Threads {
    /// Each thread holds a clone for as long as it runs; nothing is ever sent.
    running: Sender<Infallible>,
    ended: Receiver<Infallible>,
}

impl Default for Threads {
    fn default() -> Self {
        let (running, ended) = channel();
        Self { running, ended }
    }
}

impl Threads {
    /// Starts a thread.
    ///
    /// # Errors
    /// The system's refusal.
    pub(super) fn spawn(&self, name: &str, body: impl FnOnce() + Send + 'static) -> io::Result<()> {
        let running = self.running.clone();
        let named = thread::Builder::new().name(name.to_owned());
        named.spawn(move || {
            body();
            // Only now that the body has dropped all it held, its connection included.
            drop(running);
        })?;
        Ok(())
    }

    /// Waits until all have ended or time is up; whether all have ended. Hands itself back in the latter case.
    pub(super) fn wait(self, until: Instant) -> Result<(), StillRunning> {
        drop(self.running);
        let left = until.saturating_duration_since(Instant::now());
        StillRunning { ended: self.ended }.wait(left)
    }
}

/// Threads that did not end in time.
#[derive(Debug)]
pub(super) struct StillRunning {
    ended: Receiver<Infallible>,
}

impl StillRunning {
    /// Waits on.
    pub(super) fn wait(self, time: Duration) -> Result<(), Self> {
        match self.ended.recv_timeout(time) {
            Ok(never) => match never {},
            Err(RecvTimeoutError::Disconnected) => Ok(()),
            Err(RecvTimeoutError::Timeout) => Err(self),
        }
    }
}

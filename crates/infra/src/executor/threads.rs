//! The storage's threads, and waiting for their end with a timeout.

use std::convert::Infallible;
use std::io;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use super::command::CommandQueue;

/// How long a command that runs when the deadline of a shutdown has passed may still take.
pub(crate) const GRACE: Duration = Duration::from_secs(1);

/// Threads that end together.
#[derive(Debug)]
pub(crate) struct Threads {
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
    /// The system's error.
    pub(crate) fn spawn(&self, name: &str, body: impl FnOnce() + Send + 'static) -> io::Result<()> {
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
    pub(crate) fn wait(self, until: Instant) -> Result<(), StillRunning> {
        drop(self.running);
        let left = until.saturating_duration_since(Instant::now());
        StillRunning { ended: self.ended }.wait(left)
    }
}

/// Threads that did not end in time.
#[derive(Debug)]
pub(crate) struct StillRunning {
    ended: Receiver<Infallible>,
}

impl StillRunning {
    /// Waits on.
    pub(crate) fn wait(self, time: Duration) -> Result<(), Self> {
        match self.ended.recv_timeout(time) {
            Ok(never) => match never {},
            Err(RecvTimeoutError::Disconnected) => Ok(()),
            Err(RecvTimeoutError::Timeout) => Err(self),
        }
    }
}

/// Waits for workers that drain their queue; at the deadline, turns away what still waits.
pub(crate) fn finish(workers: Threads, queue: &CommandQueue, until: Instant) {
    let Err(still_running) = workers.wait(until) else { return };
    queue.close();
    if still_running.wait(GRACE).is_err() {
        tracing::warn!("a command did not finish before the shutdown timeout; abandoning it");
    }
}

//! The storage's threads, and how to wait for their end with a timeout.

use std::convert::Infallible;
use std::io;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use super::command::CommandQueue;

/// How long a running command may still take after the deadline of a shutdown.
pub(crate) const GRACE: Duration = Duration::from_secs(1);

/// A group of threads that end together.
#[derive(Debug)]
pub(crate) struct Threads {
    /// Each thread holds a clone while it runs. Nothing is ever sent.
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
            // After the body has dropped everything it owned, including its connection.
            drop(running);
        })?;
        Ok(())
    }

    /// Waits until all threads have ended. Returns those that are still running at the deadline.
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
    /// Waits for `time` longer.
    pub(crate) fn wait(self, time: Duration) -> Result<(), Self> {
        match self.ended.recv_timeout(time) {
            Ok(never) => match never {},
            Err(RecvTimeoutError::Disconnected) => Ok(()),
            Err(RecvTimeoutError::Timeout) => Err(self),
        }
    }
}

/// Waits for workers that drain their queue. At the deadline, rejects the commands that are still queued.
pub(crate) fn finish(workers: Threads, queue: &CommandQueue, until: Instant) {
    let Err(still_running) = workers.wait(until) else { return };
    queue.close();
    if still_running.wait(GRACE).is_err() {
        tracing::warn!("a command did not finish before the shutdown timeout; abandoning it");
    }
}

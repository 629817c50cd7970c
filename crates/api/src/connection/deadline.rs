//! The timer of a connection.

use std::future::Future;
use std::pin::Pin;
use std::task::Context;
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep_until};

/// One timer for all deadlines of a connection. It is reset only for a deadline earlier than the one it is set to. If
/// it fires too early, it is set again. So a busy connection hardly ever resets it.
#[derive(Debug, Default)]
pub(super) struct Timer(Option<Pin<Box<Sleep>>>);

impl Timer {
    /// Whether the deadline has passed. If not, the task is woken when it has.
    pub(super) fn has_passed(&mut self, deadline: Instant, context: &mut Context<'_>) -> bool {
        let sleep = self.0.get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        if sleep.deadline() > deadline {
            sleep.as_mut().reset(deadline);
        }
        while sleep.as_mut().poll(context).is_ready() {
            if Instant::now() >= deadline {
                return true;
            }
            sleep.as_mut().reset(deadline);
        }
        false
    }

    /// Frees the timer's memory.
    pub(super) fn clear(&mut self) {
        self.0 = None;
    }
}

/// The minimum rate in bytes per second, on average, at which a client must read a response once its time is used up.
/// Reading a page of a megabyte so takes at most about 46 seconds. Slower clients get what fits in their time: half a
/// megabyte at 16 KiB/s.
const MIN_RATE: u64 = 64 << 10;

/// How long a client may still make us wait for its reading of a response. Each byte that it reads adds some time, but
/// less than it took if the client is slower than the minimum rate.
#[derive(Debug)]
pub(super) struct WriteAllowance {
    most: Duration,
    left: Duration,
    /// When writing became impossible, if it still is.
    waiting: Option<Instant>,
}

impl WriteAllowance {
    /// The full time, for a new response.
    pub(super) const fn new(most: Duration) -> Self {
        Self { most, left: most, waiting: None }
    }

    /// Writing is not possible at the moment.
    pub(super) fn wait(&mut self) {
        self.waiting.get_or_insert_with(Instant::now);
    }

    /// Some bytes were written.
    pub(super) fn gain(&mut self, bytes: usize) {
        self.rest();
        if self.left < self.most {
            let gained = Duration::from_secs_f64(bytes as f64 / MIN_RATE as f64);
            self.left = (self.left + gained).min(self.most);
        }
    }

    /// There is nothing to write at the moment.
    pub(super) fn rest(&mut self) {
        if let Some(since) = self.waiting.take() {
            self.left = self.left.saturating_sub(since.elapsed());
        }
    }

    /// The response was written.
    pub(super) const fn renew(&mut self) {
        *self = Self::new(self.most);
    }

    /// When to give up on the client, if we are waiting for it.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.waiting.map(|since| since + self.left)
    }
}

//! The timer of a connection.

use std::future::Future;
use std::pin::Pin;
use std::task::Context;
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep_until};

/// One timer for whatever the connection waits for. It is only set back when a deadline comes before the one that it is
/// set to; one that comes too early is set again. So a connection that is busy hardly ever sets it.
#[derive(Debug, Default)]
pub(super) struct Timer(Option<Pin<Box<Sleep>>>);

impl Timer {
    /// Whether the deadline has passed; if not, the task is woken then.
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

    /// Gives its memory back.
    pub(super) fn clear(&mut self) {
        self.0 = None;
    }
}

/// The least that a client takes of an answer, in bytes a second on average, once its time is used up. A page of a
/// megabyte so lasts about 46 seconds at most. Slower clients get what fits in their time: half a megabyte at 16 KiB a
/// second.
const MIN_RATE: u64 = 64 << 10;

/// How long a client may still keep its answer waiting. Each byte that it takes gives it some time back, but less than
/// it needed if it is slower than the least rate.
#[derive(Debug)]
pub(super) struct WriteAllowance {
    most: Duration,
    left: Duration,
    /// Since when nothing could be written.
    waiting: Option<Instant>,
}

impl WriteAllowance {
    /// With each answer again.
    pub(super) const fn new(most: Duration) -> Self {
        Self { most, left: most, waiting: None }
    }

    /// Nothing can be written at the moment.
    pub(super) fn wait(&mut self) {
        self.waiting.get_or_insert_with(Instant::now);
    }

    /// Some was written.
    pub(super) fn gain(&mut self, bytes: usize) {
        self.rest();
        if self.left < self.most {
            let gained = Duration::from_secs_f64(bytes as f64 / MIN_RATE as f64);
            self.left = (self.left + gained).min(self.most);
        }
    }

    /// There is nothing to be written at the moment.
    pub(super) fn rest(&mut self) {
        if let Some(since) = self.waiting.take() {
            self.left = self.left.saturating_sub(since.elapsed());
        }
    }

    /// The answer was written.
    pub(super) const fn renew(&mut self) {
        *self = Self::new(self.most);
    }

    /// When the client is given up, if it is waited for.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.waiting.map(|since| since + self.left)
    }
}

//! The timer of a connection.

use std::future::Future;
use std::pin::Pin;
use std::task::Context;
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep_until};

/// One timer for whatever the connection waits for. It is only set back when a deadline comes before the one that it is
/// set to; one that comes too early is set anew. So a connection that is busy hardly ever sets it.
#[derive(Debug, Default)]
pub struct Timer(Option<Pin<Box<Sleep>>>);

impl Timer {
    /// Whether the deadline has passed; if not, the task is woken then.
    pub fn has_passed(&mut self, deadline: Instant, context: &mut Context<'_>) -> bool {
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
    pub fn clear(&mut self) {
        self.0 = None;
    }
}

/// The least that a client takes of an answer, in bytes a second, however much time it has.
const LEAST_RATE: u64 = 4 << 10;

/// Until when a client must have taken some of its answer.
#[derive(Debug, Default)]
pub struct Stall(Option<Instant>);

impl Stall {
    /// Nothing can be written just now. The time begins with the first such moment.
    pub fn begin(&mut self, timeout: Duration) {
        self.0.get_or_insert_with(|| Instant::now() + timeout);
    }

    /// Some was written. It gains time, but less than it took if that was slower than it may be.
    pub fn progress(&mut self, bytes: usize, timeout: Duration) {
        if let Some(deadline) = &mut self.0 {
            let gained = Duration::from_secs_f64(bytes as f64 / LEAST_RATE as f64);
            *deadline = (*deadline + gained).min(Instant::now() + timeout);
        }
    }

    /// All was written.
    pub fn end(&mut self) {
        self.0 = None;
    }

    /// When the client is given up.
    pub const fn deadline(&self) -> Option<Instant> {
        self.0
    }
}

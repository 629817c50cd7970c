//! The threads that hash passwords, and how callers hand work to them.

use std::fmt;
use std::future::Future;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::{Arc, PoisonError};
use std::task::{Context, Poll, ready};
use std::thread;
use std::time::Duration;

use groupchat_domain::Error;
use groupchat_domain::accounts::HashCaller;
use groupchat_domain::storage::StorageFault;
use tokio::sync::oneshot;

use super::queue::{Class, HashEntry, HashQueue, HashQueueLimits, PushResult};
use crate::executor::sync::{Condvar, Mutex, locked};

/// When a rejected caller should try again: by then, the queue has room again.
pub(super) const RETRY_AFTER: Duration = Duration::from_secs(5);

/// One password to hash or verify. Sends its result to the caller itself.
type HashTask = Box<dyn FnOnce(TaskFate) + Send>;

/// How a task leaves the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum TaskFate {
    Run,
    /// Another task took its place in the queue. The caller gets [`Error::Busy`].
    Displaced,
}

struct PoolQueues {
    queue: HashQueue<HashTask>,
    /// The number of threads that hash for known callers.
    running_known: usize,
    running_strangers: usize,
    is_closed: bool,
}

struct PoolState {
    state: Mutex<PoolQueues>,
    arrived: Condvar,
    /// How many threads may work for any caller. While strangers keep some of these busy, one more thread works for
    /// known callers: a hash can't be interrupted, and known callers shouldn't wait for a stranger's.
    for_all: usize,
}

/// Threads that run tasks in the order of the queue. They end when the pool is dropped.
pub(super) struct HashPool {
    shared: Arc<PoolState>,
}

impl fmt::Debug for HashPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool").field("for_all", &self.shared.for_all).finish_non_exhaustive()
    }
}

impl HashPool {
    /// Starts `threads` threads for all callers, and one more for known callers.
    ///
    /// # Errors
    /// A thread can't be started.
    pub(super) fn start(threads: usize, limits: HashQueueLimits) -> io::Result<Self> {
        let (running_known, running_strangers) = (0, 0);
        let queue = HashQueue::new(limits);
        let state = PoolQueues { queue, running_known, running_strangers, is_closed: false };
        let shared =
            Arc::new(PoolState { state: Mutex::new(state), arrived: Condvar::new(), for_all: threads });
        let pool = Self { shared };
        for _ in 0..=threads {
            let shared = Arc::clone(&pool.shared);
            thread::Builder::new().name("bcrypt".into()).spawn(move || run_worker(&shared))?;
        }
        Ok(pool)
    }

    /// Queues `work` and returns a future of its result. If the future is dropped earlier, the work leaves the queue.
    pub(super) fn submit<T: Send + 'static>(
        &self,
        caller: HashCaller,
        work: impl FnOnce() -> Result<T, Error> + Send + 'static,
    ) -> PendingHash<T> {
        let (reply, result) = oneshot::channel();
        let task: HashTask = Box::new(move |fate| {
            let outcome = if fate == TaskFate::Run { work() } else { Err(busy()) };
            // The caller may be gone.
            let _ = reply.send(outcome);
        });
        let pushed = locked(&self.shared.state).queue.push(caller, task);
        let entry = match pushed {
            PushResult::Rejected(task) => {
                task(TaskFate::Displaced);
                None
            }
            PushResult::Queued(entry, displaced) => {
                // Wakes all threads: the first to wake may not be allowed to run this task.
                self.shared.arrived.notify_all();
                if let Some(task) = displaced {
                    task(TaskFate::Displaced);
                }
                Some(entry)
            }
        };
        PendingHash { result, entry: entry.map(|entry| (Arc::clone(&self.shared), entry)) }
    }
}

impl Drop for HashPool {
    fn drop(&mut self) {
        locked(&self.shared.state).is_closed = true;
        self.shared.arrived.notify_all();
    }
}

fn busy() -> Error {
    Error::Busy { retry_after: RETRY_AFTER }
}

/// Runs tasks until the pool is dropped. A task that panics affects only its caller.
fn run_worker(shared: &PoolState) {
    while let Some((class, task)) = shared.next() {
        if catch_unwind(AssertUnwindSafe(|| task(TaskFate::Run))).is_err() {
            tracing::error!("a password hash panicked");
        }
        *locked(&shared.state).running(class) -= 1;
    }
}

impl PoolQueues {
    fn running(&mut self, class: Class) -> &mut usize {
        match class {
            Class::Known => &mut self.running_known,
            Class::Stranger => &mut self.running_strangers,
        }
    }

    /// Takes a task that may run now, where `for_all` threads may work for any caller.
    fn take(&mut self, for_all: usize) -> Option<(Class, HashTask)> {
        let running = self.running_known + self.running_strangers;
        if self.running_known >= for_all || running > for_all {
            return None;
        }
        let (class, task) = self.queue.pop(running < for_all)?;
        *self.running(class) += 1;
        Some((class, task))
    }
}

impl PoolState {
    /// Waits for a task that may run. Returns `None` once the thread should end.
    fn next(&self) -> Option<(Class, HashTask)> {
        let mut state = locked(&self.state);
        loop {
            if state.is_closed {
                return None;
            }
            if let Some(taken) = state.take(self.for_all) {
                // The next task may be one for the thread that is reserved for known callers.
                self.arrived.notify_one();
                return Some(taken);
            }
            state = self.arrived.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// The result of a task.
pub(super) struct PendingHash<T> {
    result: oneshot::Receiver<Result<T, Error>>,
    /// `None` once the result is there, or if the task was rejected.
    entry: Option<(Arc<PoolState>, HashEntry)>,
}

impl<T> Future for PendingHash<T> {
    type Output = Result<T, Error>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let result = ready!(Pin::new(&mut self.result).poll(context));
        self.entry = None;
        // The sender is dropped unused only if the task panicked.
        Poll::Ready(result.unwrap_or(Err(Error::Fault(StorageFault::Panicked))))
    }
}

impl<T> Drop for PendingHash<T> {
    fn drop(&mut self) {
        if let Some((shared, entry)) = self.entry.take() {
            let withdrawn = locked(&shared.state).queue.withdraw(&entry);
            // Drops what the task owns without holding the lock.
            drop(withdrawn);
        }
    }
}

#[cfg(test)]
mod tests;

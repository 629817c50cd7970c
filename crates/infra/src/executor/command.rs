//! Commands, the queue they wait in, and the future of their outcome.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Condvar, Mutex};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use groupchat_domain::storage::{Caller, StorageFault, Verdict};
use tokio::sync::oneshot;

use super::queue::{FairQueue, Full, QueueLimits, Ticket};
use super::sync::locked;
use crate::tx::DbTx;

/// What a command does in its transaction. Unlike the domain's `Work` it knows the transaction's connection, so that
/// the storage's own upkeep can be a command too.
pub(crate) type DbWork = Box<dyn Fn(&mut DbTx<'_>) -> Verdict + Send>;

/// How a command ended, as its caller learns it.
pub(crate) type Outcome = Result<(), StorageFault>;

/// When another try makes sense after a full queue: the time in which a full one empties, with room to spare.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// Work that waits or runs, and where to say how it ended.
pub(crate) struct Command {
    work: DbWork,
    reply: oneshot::Sender<Outcome>,
}

impl Command {
    /// Runs the work. May panic, as the work may.
    pub(crate) fn run(&self, tx: &mut DbTx<'_>) -> Verdict {
        (self.work)(tx)
    }

    /// Whether nobody waits for the outcome any more.
    pub(crate) fn is_abandoned(&self) -> bool {
        self.reply.is_closed()
    }

    /// Tells the caller. One who has gone meanwhile misses it.
    pub(crate) fn answer(self, outcome: Outcome) {
        let _ = self.reply.send(outcome);
    }
}

/// Who may still enter the queue, and how long its workers stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Open,
    /// Nobody enters; what waits is still served.
    Draining,
    /// Nobody enters and nothing waits.
    Closed,
}

struct State {
    queue: FairQueue<Command>,
    phase: Phase,
    idle_workers: usize,
}

/// Where commands wait for a worker thread.
pub(crate) struct CommandQueue {
    state: Mutex<State>,
    arrived: Condvar,
}

impl CommandQueue {
    pub(crate) fn new(limits: QueueLimits) -> Arc<Self> {
        let state = State { queue: FairQueue::new(limits), phase: Phase::Open, idle_workers: 0 };
        Arc::new(Self { state: Mutex::new(state), arrived: Condvar::new() })
    }

    /// Queues work.
    ///
    /// # Errors
    /// [`StorageFault::Overloaded`] when there is no room, [`StorageFault::Unavailable`] during shutdown.
    pub(crate) fn submit(self: &Arc<Self>, caller: Caller, work: DbWork) -> Result<Pending, StorageFault> {
        let (reply, outcome) = oneshot::channel();
        let mut state = locked(&self.state);
        if state.phase != Phase::Open {
            return Err(shutting_down());
        }
        let pushed = state.queue.push(caller, Command { work, reply });
        let wake = state.idle_workers > 0;
        drop(state);
        let ticket = pushed.map_err(|Full(_)| StorageFault::Overloaded { retry_after: RETRY_AFTER })?;
        if wake {
            self.arrived.notify_one();
        }
        Ok(Pending { outcome, place: Place { queue: Arc::clone(self), caller, ticket, left: false } })
    }

    /// The next command; waits for one. `None` once the worker should end.
    pub(crate) fn wait(&self) -> Option<Command> {
        let mut state = locked(&self.state);
        loop {
            if let Some(command) = state.queue.pop() {
                return Some(command);
            }
            if state.phase != Phase::Open {
                return None;
            }
            state.idle_workers += 1;
            state = self.arrived.wait(state).unwrap_or_else(std::sync::PoisonError::into_inner);
            state.idle_workers -= 1;
        }
    }

    /// The next command, if one waits.
    pub(crate) fn next(&self) -> Option<Command> {
        locked(&self.state).queue.pop()
    }

    /// Whether commands still come in.
    #[cfg(feature = "postgres")]
    pub(crate) fn is_open(&self) -> bool {
        locked(&self.state).phase == Phase::Open
    }

    /// Lets nobody in any more; workers end once all that waits is done.
    pub(crate) fn drain(&self) {
        let mut state = locked(&self.state);
        if state.phase == Phase::Open {
            state.phase = Phase::Draining;
        }
        drop(state);
        self.arrived.notify_all();
    }

    /// Lets nobody in any more and sends everybody home who still waits.
    pub(crate) fn close(&self) {
        let mut state = locked(&self.state);
        state.phase = Phase::Closed;
        let waiting: Vec<_> = std::iter::from_fn(|| state.queue.pop()).collect();
        drop(state);
        self.arrived.notify_all();
        for command in waiting {
            command.answer(Err(shutting_down()));
        }
    }
}

fn shutting_down() -> StorageFault {
    StorageFault::Unavailable { reason: "shutting down".into() }
}

/// The outcome of a queued command. Dropped before the command runs, it takes the command out of the queue.
pub(crate) struct Pending {
    outcome: oneshot::Receiver<Outcome>,
    place: Place,
}

impl Pending {
    /// Waits for the outcome, on a thread that may block.
    ///
    /// # Errors
    /// The command's fault.
    pub(crate) fn wait(self) -> Outcome {
        let Self { outcome, mut place } = self;
        let outcome = outcome.blocking_recv();
        place.left = true;
        outcome.unwrap_or(Err(StorageFault::OutcomeUnknown))
    }
}

impl Future for Pending {
    type Output = Outcome;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Outcome> {
        let outcome = ready!(Pin::new(&mut self.outcome).poll(context));
        self.place.left = true;
        // A worker drops a command unanswered only when it breaks down in the middle.
        Poll::Ready(outcome.unwrap_or(Err(StorageFault::OutcomeUnknown)))
    }
}

/// A command's place in the queue.
struct Place {
    queue: Arc<CommandQueue>,
    caller: Caller,
    ticket: Ticket,
    /// Whether the command is known to have left the queue.
    left: bool,
}

impl Drop for Place {
    fn drop(&mut self) {
        if !self.left {
            let withdrawn = locked(&self.queue.state).queue.withdraw(self.caller, self.ticket);
            // What the work holds is dropped here, without the lock.
            drop(withdrawn);
        }
    }
}

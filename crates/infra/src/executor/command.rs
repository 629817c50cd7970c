//! Commands, the queue they wait in, and the future of their outcome.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use groupchat_domain::storage::{Caller, StorageFault, Verdict};
use tokio::sync::oneshot;

use super::lines::Ticket;
use super::queue::{FairQueue, Full, QueueLimits};
use super::sync::locked;
use crate::time_limit::Gone;
use crate::tx::DbTx;

/// What a command does in its transaction. Unlike the domain's `Work` it knows the transaction's connection, so that
/// the storage's own maintenance can be a command too.
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

    /// Tells the caller. One who is gone meanwhile misses it.
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
    /// What the workers with a [`Seat`] run at the moment.
    running: Vec<Running>,
}

/// A command that a worker runs.
struct Running {
    caller: Caller,
    ticket: Ticket,
    worker: Arc<Gone>,
    #[cfg(feature = "postgres")]
    is_cancelled: bool,
}

#[cfg(feature = "postgres")]
impl Running {
    /// The process to cancel, once, if the caller is gone.
    fn take_backend(&mut self) -> Option<i32> {
        let is_due = self.worker.get() && !std::mem::replace(&mut self.is_cancelled, self.worker.get());
        is_due.then(|| self.worker.backend()).filter(|backend| *backend != 0)
    }
}

impl State {
    /// Whether a caller has fewer commands running than it may.
    fn may_run(running: &[Running], caller: Caller, most: usize) -> bool {
        let of_caller = || running.iter().filter(|running| running.caller == caller).count();
        caller == Caller::System || most > running.len() || of_caller() < most
    }
}

/// Where commands wait for a worker thread.
pub(crate) struct CommandQueue {
    state: Mutex<State>,
    arrived: Condvar,
    /// Told when the caller of a command that runs is gone.
    #[cfg(feature = "postgres")]
    left: Condvar,
    running_per_caller: usize,
}

impl CommandQueue {
    pub(crate) fn new(limits: QueueLimits) -> Arc<Self> {
        let queue = FairQueue::new(limits);
        let state = State { queue, phase: Phase::Open, idle_workers: 0, running: Vec::new() };
        Arc::new(Self {
            state: Mutex::new(state),
            arrived: Condvar::new(),
            #[cfg(feature = "postgres")]
            left: Condvar::new(),
            running_per_caller: limits.running_per_caller,
        })
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
        self.wait_for(locked(&self.state), |state| state.queue.pop())
    }

    /// Waits until there is something to take.
    fn wait_for<'s, T>(
        &'s self,
        mut state: MutexGuard<'s, State>,
        mut take: impl FnMut(&mut State) -> Option<T>,
    ) -> Option<T> {
        loop {
            if let Some(taken) = take(&mut state) {
                return Some(taken);
            }
            if state.phase != Phase::Open {
                return None;
            }
            state.idle_workers += 1;
            state = self.arrived.wait(state).unwrap_or_else(std::sync::PoisonError::into_inner);
            state.idle_workers -= 1;
        }
    }

    /// A place for a worker that runs one command at a time, and may end it when its caller is gone.
    pub(crate) fn seat(self: &Arc<Self>) -> Seat {
        Seat { queue: Arc::clone(self), gone: Arc::default() }
    }

    /// The next command, if one waits.
    pub(crate) fn next(&self) -> Option<Command> {
        locked(&self.state).queue.pop()
    }

    /// Waits until the callers of commands that run are gone, and takes the servers' processes that run them, each
    /// once. `None` once nobody may enter any more.
    #[cfg(feature = "postgres")]
    pub(crate) fn wait_for_left(&self) -> Option<Vec<i32>> {
        let mut state = locked(&self.state);
        while state.phase == Phase::Open {
            let left: Vec<_> = state.running.iter_mut().filter_map(Running::take_backend).collect();
            if !left.is_empty() {
                return Some(left);
            }
            state = self.left.wait(state).unwrap_or_else(std::sync::PoisonError::into_inner);
        }
        None
    }

    /// Whether commands still come in.
    #[cfg(feature = "postgres")]
    fn is_open(&self) -> bool {
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
        #[cfg(feature = "postgres")]
        self.left.notify_all();
    }

    /// Lets nobody in any more and sends everybody home who still waits.
    pub(crate) fn close(&self) {
        let mut state = locked(&self.state);
        state.phase = Phase::Closed;
        let waiting: Vec<_> = std::iter::from_fn(|| state.queue.pop()).collect();
        drop(state);
        self.arrived.notify_all();
        #[cfg(feature = "postgres")]
        self.left.notify_all();
        for command in waiting {
            command.answer(Err(shutting_down()));
        }
    }
}

/// A worker's place at the queue. What it runs counts for its caller.
pub(crate) struct Seat {
    queue: Arc<CommandQueue>,
    gone: Arc<Gone>,
}

impl Seat {
    /// Whether the caller of what the worker runs is gone.
    pub(crate) fn gone(&self) -> &Arc<Gone> {
        &self.gone
    }

    /// Whether commands still come in.
    #[cfg(feature = "postgres")]
    pub(crate) fn is_open(&self) -> bool {
        self.queue.is_open()
    }

    /// The next command whose caller may have one more running; waits for one. What the worker ran before is done
    /// then. `None` once the worker should end.
    pub(crate) fn wait(&self) -> Option<Command> {
        let mut state = locked(&self.queue.state);
        self.finish(&mut state);
        let most = self.queue.running_per_caller;
        self.queue.wait_for(state, |state| {
            let State { queue, running, .. } = state;
            let (caller, ticket, command) = queue.pop_of(|caller| State::may_run(running, caller, most))?;
            running.push(Running {
                caller,
                ticket,
                worker: Arc::clone(&self.gone),
                #[cfg(feature = "postgres")]
                is_cancelled: false,
            });
            Some(command)
        })
    }

    fn finish(&self, state: &mut State) {
        state.running.retain(|running| !Arc::ptr_eq(&running.worker, &self.gone));
        self.gone.set(false);
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut state = locked(&self.queue.state);
        self.finish(&mut state);
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
            let mut state = locked(&self.queue.state);
            let withdrawn = state.queue.withdraw(self.caller, self.ticket);
            if withdrawn.is_none()
                && let Some(running) = state.running.iter().find(|running| running.ticket == self.ticket)
            {
                running.worker.set(true);
                #[cfg(feature = "postgres")]
                self.queue.left.notify_all();
            }
            // What the work holds is dropped here, without the lock.
            drop(state);
            drop(withdrawn);
        }
    }
}

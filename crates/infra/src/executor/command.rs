//! Commands, their queue, and the future of their outcome.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use groupchat_domain::storage::{Caller, CommitDecision, StorageFault};
use tokio::sync::oneshot;

use super::queue::{FairQueue, Full, QueueLimits};
use super::round_robin::EntryId;
use super::sync::{Condvar, Mutex, MutexGuard, locked};
use crate::time_limit::CallerGone;
use crate::tx::DbTx;

/// What a command does in its transaction. Unlike the domain's `Work`, it has access to the connection, so that the
/// storage's own maintenance can be a command too.
pub(crate) type DbWork = Box<dyn Fn(&mut DbTx<'_>) -> CommitDecision + Send>;

/// The outcome of a command, as its caller gets it.
pub(crate) type CommandOutcome = Result<(), StorageFault>;

/// When to retry after the queue was full. A full queue empties in less time.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// Work, and the channel for its outcome.
pub(crate) struct Command {
    work: DbWork,
    reply: oneshot::Sender<CommandOutcome>,
}

impl Command {
    /// Runs the work. Panics if the work panics.
    pub(crate) fn run(&self, tx: &mut DbTx<'_>) -> CommitDecision {
        (self.work)(tx)
    }

    /// Whether the caller no longer waits for the outcome.
    pub(crate) fn is_abandoned(&self) -> bool {
        self.reply.is_closed()
    }

    /// Sends the outcome to the caller, who may be gone.
    pub(crate) fn reply(self, outcome: CommandOutcome) {
        let _ = self.reply.send(outcome);
    }
}

/// Which commands the queue accepts and serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum QueuePhase {
    Open,
    /// New commands are rejected. Queued ones are still served.
    Draining,
    /// New commands are rejected, and none are queued.
    Closed,
}

struct QueueState {
    queue: FairQueue<Command>,
    phase: QueuePhase,
    idle_workers: usize,
    /// What the workers that hold a [`WorkerSlot`] currently run.
    running: Vec<Running>,
}

/// A command that is running.
struct Running {
    caller: Caller,
    entry_id: EntryId,
    worker: Arc<CallerGone>,
    #[cfg(feature = "postgres")]
    is_cancelled: bool,
}

#[cfg(feature = "postgres")]
impl Running {
    /// The database process to cancel if the caller is gone. Returns it only once.
    fn take_backend(&mut self) -> Option<i32> {
        let is_due = self.worker.get() && !std::mem::replace(&mut self.is_cancelled, self.worker.get());
        is_due.then(|| self.worker.backend()).filter(|backend| *backend != 0)
    }
}

impl QueueState {
    /// Whether the caller has fewer commands running than it may have.
    fn may_run(running: &[Running], caller: Caller, most: usize) -> bool {
        let of_caller = || running.iter().filter(|running| running.caller == caller).count();
        caller == Caller::System || most > running.len() || of_caller() < most
    }
}

/// The queue of commands that wait for a worker thread.
pub(crate) struct CommandQueue {
    state: Mutex<QueueState>,
    arrived: Condvar,
    /// Notified when the caller of a running command is gone.
    #[cfg(feature = "postgres")]
    left: Condvar,
    running_per_caller: usize,
}

impl CommandQueue {
    pub(crate) fn new(limits: QueueLimits) -> Arc<Self> {
        let queue = FairQueue::new(limits);
        let state = QueueState { queue, phase: QueuePhase::Open, idle_workers: 0, running: Vec::new() };
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
    /// [`StorageFault::Overloaded`] if the queue is full, [`StorageFault::Unavailable`] during shutdown.
    pub(crate) fn submit(
        self: &Arc<Self>,
        caller: Caller,
        work: DbWork,
    ) -> Result<PendingCommand, StorageFault> {
        let (reply, outcome) = oneshot::channel();
        let mut state = locked(&self.state);
        if state.phase != QueuePhase::Open {
            return Err(shutting_down());
        }
        let pushed = state.queue.push(caller, Command { work, reply });
        let wake = state.idle_workers > 0;
        drop(state);
        let entry_id = pushed.map_err(|Full(_)| StorageFault::Overloaded { retry_after: RETRY_AFTER })?;
        if wake {
            self.arrived.notify_one();
        }
        Ok(PendingCommand {
            outcome,
            entry: QueueEntry { queue: Arc::clone(self), caller, entry_id, left: false },
        })
    }

    /// Waits for the next command. Returns `None` once the worker should end.
    pub(crate) fn wait(&self) -> Option<Command> {
        self.wait_for(locked(&self.state), |state| state.queue.pop())
    }

    /// Waits until `take` returns something. Returns `None` once the worker should end.
    fn wait_for<'s, T>(
        &'s self,
        mut state: MutexGuard<'s, QueueState>,
        mut take: impl FnMut(&mut QueueState) -> Option<T>,
    ) -> Option<T> {
        loop {
            if let Some(taken) = take(&mut state) {
                return Some(taken);
            }
            if state.phase != QueuePhase::Open {
                return None;
            }
            state.idle_workers += 1;
            state = self.arrived.wait(state).unwrap_or_else(std::sync::PoisonError::into_inner);
            state.idle_workers -= 1;
        }
    }

    /// A slot for a worker that runs one command at a time and ends it early when its caller is gone.
    pub(crate) fn worker_slot(self: &Arc<Self>) -> WorkerSlot {
        WorkerSlot { queue: Arc::clone(self), gone: Arc::default() }
    }

    /// The next command, if one is queued.
    pub(crate) fn next(&self) -> Option<Command> {
        locked(&self.state).queue.pop()
    }

    /// How many commands are queued.
    pub(crate) fn len(&self) -> usize {
        locked(&self.state).queue.len()
    }

    /// Waits until callers of running commands are gone, and returns the database processes that run these commands,
    /// each only once. Returns `None` once the queue no longer accepts commands.
    #[cfg(feature = "postgres")]
    pub(crate) fn wait_for_abandoned(&self) -> Option<Vec<i32>> {
        let mut state = locked(&self.state);
        while state.phase == QueuePhase::Open {
            let left: Vec<_> = state.running.iter_mut().filter_map(Running::take_backend).collect();
            if !left.is_empty() {
                return Some(left);
            }
            state = self.left.wait(state).unwrap_or_else(std::sync::PoisonError::into_inner);
        }
        None
    }

    /// Whether new commands are accepted.
    #[cfg(feature = "postgres")]
    fn is_open(&self) -> bool {
        locked(&self.state).phase == QueuePhase::Open
    }

    /// Rejects new commands. Workers end once all queued commands are done.
    pub(crate) fn drain(&self) {
        let mut state = locked(&self.state);
        if state.phase == QueuePhase::Open {
            state.phase = QueuePhase::Draining;
        }
        drop(state);
        self.arrived.notify_all();
        #[cfg(feature = "postgres")]
        self.left.notify_all();
    }

    /// Rejects new and queued commands.
    pub(crate) fn close(&self) {
        let mut state = locked(&self.state);
        state.phase = QueuePhase::Closed;
        let waiting: Vec<_> = std::iter::from_fn(|| state.queue.pop()).collect();
        drop(state);
        self.arrived.notify_all();
        #[cfg(feature = "postgres")]
        self.left.notify_all();
        for command in waiting {
            command.reply(Err(shutting_down()));
        }
    }
}

/// A worker's slot at the queue. The command that it runs counts towards its caller's limit.
pub(crate) struct WorkerSlot {
    queue: Arc<CommandQueue>,
    gone: Arc<CallerGone>,
}

impl WorkerSlot {
    /// Set while the caller of the running command is gone.
    pub(crate) fn gone(&self) -> &Arc<CallerGone> {
        &self.gone
    }

    /// Whether new commands are accepted.
    #[cfg(feature = "postgres")]
    pub(crate) fn is_open(&self) -> bool {
        self.queue.is_open()
    }

    /// Finishes the previous command, and waits for the next one whose caller may have one more running. Returns `None`
    /// once the worker should end.
    pub(crate) fn wait(&self) -> Option<Command> {
        let mut state = locked(&self.queue.state);
        self.finish(&mut state);
        let most = self.queue.running_per_caller;
        self.queue.wait_for(state, |state| {
            let QueueState { queue, running, .. } = state;
            let (caller, entry_id, command) =
                queue.pop_of(|caller| QueueState::may_run(running, caller, most))?;
            running.push(Running {
                caller,
                entry_id,
                worker: Arc::clone(&self.gone),
                #[cfg(feature = "postgres")]
                is_cancelled: false,
            });
            Some(command)
        })
    }

    fn finish(&self, state: &mut QueueState) {
        state.running.retain(|running| !Arc::ptr_eq(&running.worker, &self.gone));
        self.gone.set(false);
    }
}

impl Drop for WorkerSlot {
    fn drop(&mut self) {
        let mut state = locked(&self.queue.state);
        self.finish(&mut state);
    }
}

fn shutting_down() -> StorageFault {
    StorageFault::Unavailable { reason: "shutting down".into() }
}

/// The future outcome of a queued command. If it is dropped before the command runs, the command leaves the queue.
pub(crate) struct PendingCommand {
    outcome: oneshot::Receiver<CommandOutcome>,
    entry: QueueEntry,
}

impl PendingCommand {
    /// Blocks the thread until the outcome is known.
    ///
    /// # Errors
    /// The command's fault.
    pub(crate) fn wait(self) -> CommandOutcome {
        let Self { outcome, mut entry } = self;
        let outcome = outcome.blocking_recv();
        entry.left = true;
        outcome.unwrap_or(Err(StorageFault::OutcomeUnknown))
    }
}

impl Future for PendingCommand {
    type Output = CommandOutcome;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<CommandOutcome> {
        let outcome = ready!(Pin::new(&mut self.outcome).poll(context));
        self.entry.left = true;
        // A worker drops a command without a reply only if it fails in the middle.
        Poll::Ready(outcome.unwrap_or(Err(StorageFault::OutcomeUnknown)))
    }
}

/// A command's entry in the queue.
struct QueueEntry {
    queue: Arc<CommandQueue>,
    caller: Caller,
    entry_id: EntryId,
    /// Whether the command is known to have left the queue.
    left: bool,
}

impl Drop for QueueEntry {
    fn drop(&mut self) {
        if !self.left {
            let mut state = locked(&self.queue.state);
            let withdrawn = state.queue.withdraw(self.caller, self.entry_id);
            if withdrawn.is_none()
                && let Some(running) = state.running.iter().find(|running| running.entry_id == self.entry_id)
            {
                running.worker.set(true);
                #[cfg(feature = "postgres")]
                self.queue.left.notify_all();
            }
            // Drops what the work owns without holding the lock.
            drop(state);
            drop(withdrawn);
        }
    }
}

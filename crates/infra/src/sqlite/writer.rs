//! The writer: the only thread that changes the database, with many commands per transaction.
//!
//! Invariants: no statement of a command runs outside the transaction of its batch; no reply or event leaves before the
//! COMMIT; and an undone command leaves nothing behind, including its event ids.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use diesel::prelude::*;
use groupchat_domain::ids::EventId;
use groupchat_domain::storage::{CommitDecision, EventSink, StorageFault};
use groupchat_domain::time::Clock;

use super::batch::{Batch, BatchLost};
use super::checkpoint::CheckpointSignal;
use super::gate::Gate;
use super::log_state;
use super::statement::{BeginImmediate, Commit, DataVersion, Release, Rollback, RollbackTo, Savepoint};
use crate::accounts::key_activity::KeyActivity;
use crate::audit;
use crate::connection::Connection;
use crate::events::log;
use crate::executor::command::{Command, CommandQueue};
use crate::secrets::SealerSlot;
use crate::tx::{DbTx, Events};

/// The maximum size of a batch. Its first caller waits for its last command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BatchLimits {
    /// Commands per batch.
    pub commands: usize,
    /// How long after its BEGIN a batch accepts commands.
    pub time: Duration,
}

impl Default for BatchLimits {
    fn default() -> Self {
        Self { commands: 256, time: Duration::from_millis(5) }
    }
}

/// What the writer remembers about the database. Valid as long as no other connection commits.
#[derive(Debug, Clone, Copy)]
struct WriterState {
    data_version: i64,
    head: EventId,
}

pub(super) struct Writer {
    pub(super) connection: SqliteConnection,
    pub(super) queue: Arc<CommandQueue>,
    pub(super) limits: BatchLimits,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) sink: Arc<dyn EventSink>,
    pub(super) activity: Arc<KeyActivity>,
    pub(super) sealer: Arc<SealerSlot>,
    pub(super) gate: Arc<Gate>,
    pub(super) checkpoints: Arc<CheckpointSignal>,
}

impl Writer {
    /// Serves the queue until it is closed.
    pub(super) fn serve(mut self) {
        let mut state = None;
        while let Some(first) = self.queue.wait() {
            let batch = catch_unwind(AssertUnwindSafe(|| self.run_batch(first, state.take())));
            state = batch.unwrap_or_else(|_| {
                tracing::error!(
                    "the writer panicked between commands; the outcome of the commands is unknown"
                );
                self.roll_back();
                None
            });
        }
    }

    /// Runs the first command and all queued ones in one transaction, and sends the replies. Returns the state for the
    /// next batch.
    fn run_batch(&mut self, first: Command, state: Option<WriterState>) -> Option<WriterState> {
        let gate = Arc::clone(&self.gate);
        let pass = gate.pass();
        let begun = self.begin(state).inspect_err(|_| self.roll_back());
        let state = match begun {
            Ok(state) => state,
            Err(error) => {
                self.reject_waiting(first, &error.into());
                return None;
            }
        };
        let mut batch = Batch::new(state.head);
        let stored = self.fill(&mut batch, first).and_then(|()| self.commit(&mut batch));
        drop(pass);
        match stored {
            Ok(()) => {
                self.publish(&mut batch);
                Some(WriterState { head: batch.events.last_id(), ..state })
            }
            Err(lost) => {
                tracing::error!(
                    reason = lost.reason,
                    commands = batch.len(),
                    "could not commit a batch of commands"
                );
                self.roll_back();
                batch.reply_lost(&lost);
                None
            }
        }
    }

    fn begin(&mut self, state: Option<WriterState>) -> QueryResult<WriterState> {
        BeginImmediate.execute(&mut self.connection)?;
        let data_version: i64 = DataVersion.get_result(&mut self.connection)?;
        match state {
            Some(state) if state.data_version == data_version => Ok(state),
            _ => Ok(WriterState { data_version, head: log_state::read_head(&mut self.connection)? }),
        }
    }

    /// Runs commands until none are queued or the batch is full.
    fn fill(&mut self, batch: &mut Batch, first: Command) -> Result<(), BatchLost> {
        let until = Instant::now() + self.limits.time;
        let mut next = Some(first);
        while let Some(command) = next {
            if !command.is_abandoned() {
                self.run_command(batch, command)?;
            }
            let full = batch.len() >= self.limits.commands || Instant::now() >= until;
            next = if full { None } else { self.queue.next() };
        }
        Ok(())
    }

    /// Runs one command in its savepoint.
    fn run_command(&mut self, batch: &mut Batch, command: Command) -> Result<(), BatchLost> {
        if let Err(error) = Savepoint.execute(&mut self.connection) {
            batch.undo(command, Ok(()));
            return Err(error.into());
        }
        let mark = batch.events.len();
        let connection = Connection::Sqlite(&mut self.connection);
        let events = Events::Batch(&mut batch.events);
        let mut tx =
            DbTx::new(connection, self.clock.now(), &self.activity, events).with_sealer(&self.sealer);
        let decision = catch_unwind(AssertUnwindSafe(|| command.run(&mut tx)));
        let has_enqueued = tx.has_enqueued();
        let mut recorded = tx.take_recorded();
        let outcome = match (decision, tx.into_failure()) {
            (Err(_), _) => Err(StorageFault::Panicked),
            (Ok(_), Some(failure)) => Err(failure.fault),
            (Ok(decision), None) => Ok(decision),
        };
        if outcome == Ok(CommitDecision::Commit) {
            batch.recorded.append(&mut recorded);
            batch.keep(command, has_enqueued);
        } else {
            batch.events.truncate(mark);
            batch.undo(command, outcome.map(|_| ()));
            // This fails if SQLite has rolled back the whole transaction. Further commands would then be committed one
            // by one, so the batch must end here.
            RollbackTo.execute(&mut self.connection)?;
        }
        Release.execute(&mut self.connection)?;
        Ok(())
    }

    /// Appends the events and the entries of the audit log to their logs, and commits.
    fn commit(&mut self, batch: &mut Batch) -> Result<(), BatchLost> {
        if batch.kept() == 0 {
            // Undone commands may have left dirty pages, which a COMMIT would write.
            Rollback.execute(&mut self.connection)?;
            return Ok(());
        }
        log::append(&mut self.connection, batch.events.events())?;
        let recorded = std::mem::take(&mut batch.recorded);
        audit::append(&mut Connection::Sqlite(&mut self.connection), recorded)?;
        match Commit.execute(&mut self.connection) {
            Ok(_) => Ok(()),
            Err(error) => Err(BatchLost::in_commit(&error)),
        }
    }

    /// Sends the replies of a committed batch, publishes its events and wakes the job runner.
    fn publish(&mut self, batch: &mut Batch) {
        batch.reply();
        self.checkpoints.committed(batch.kept());
        let events = batch.events.events();
        let publish = || {
            if batch.has_enqueued() {
                self.sink.jobs_enqueued();
            }
            if !events.is_empty() {
                self.sink.publish(events);
            }
        };
        if catch_unwind(AssertUnwindSafe(publish)).is_err() {
            tracing::error!("the event sink panicked");
        }
    }

    /// Rejects the first command and those that are queued by now, because a transaction can't even begin. Otherwise
    /// each would wait for the lock in turn. A caller may have queued another one as soon as it was rejected: that one
    /// is for the next attempt, or callers in a hurry would be rejected for long after the database works again.
    fn reject_waiting(&mut self, first: Command, lost: &BatchLost) {
        tracing::error!(reason = lost.reason, "could not begin a transaction");
        let waiting = std::iter::from_fn(|| self.queue.next()).take(self.queue.len());
        for command in std::iter::once(first).chain(waiting) {
            command.reply(Err(lost.fault()));
        }
    }

    /// Rolls back a transaction that may still be open.
    fn roll_back(&mut self) {
        if let Err(error) = Rollback.execute(&mut self.connection) {
            tracing::debug!(%error, "there was no transaction to roll back");
        }
    }
}

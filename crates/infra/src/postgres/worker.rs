//! Workers: threads that each run commands on their own connection, one transaction per command.
//!
//! Invariants: a command gets its reply only after its COMMIT; it is run again only if certainly nothing of it is
//! stored; and a connection is never reused with an open transaction.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::result::{DatabaseErrorKind, Error};
use groupchat_domain::storage::{CommitDecision, EventSink, Mode, StorageFault};
use groupchat_domain::time::Clock;

use super::connector::Connector;
use super::log::LogSignal;
use super::worker_connection::{PgSession, WorkerConnection};
use crate::accounts::key_activity::KeyActivity;
use crate::audit::{self, Recorded};
use crate::connection::Connection;
use crate::events::log::CommandEvents;
use crate::executor::command::{Command, CommandOutcome, WorkerSlot};
use crate::secrets::SealerSlot;
use crate::time_limit;
use crate::tx::{DbTx, Events, TxFailure};

/// How often a command is run again after conflicts.
const RE_RUNS: u32 = 5;

/// The pause before the first re-run, in which the conflicting transaction usually ends. Each further pause is longer
/// by this much.
const PAUSE: Duration = Duration::from_millis(5);

/// How one run of a command ended.
enum RunOutcome {
    /// The command has its outcome.
    Settled(CommandOutcome),
    /// Nothing of it is stored, and another run may succeed.
    Conflict(StorageFault),
}

impl From<TxFailure> for RunOutcome {
    fn from(failure: TxFailure) -> Self {
        if failure.may_be_conflict {
            Self::Conflict(failure.fault)
        } else {
            Self::Settled(Err(failure.fault))
        }
    }
}

/// A worker thread.
pub(super) struct Worker {
    pub(super) connector: Arc<Connector>,
    pub(super) mode: Mode,
    pub(super) connection: WorkerConnection,
    pub(super) worker_slot: WorkerSlot,
    /// How long a read command may take. Zero means no limit.
    pub(super) read_timeout: Duration,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) activity: Arc<KeyActivity>,
    pub(super) sealer: Arc<SealerSlot>,
    /// Woken when events were stored.
    pub(super) log: Arc<LogSignal>,
    /// Notified when jobs were stored.
    pub(super) sink: Arc<dyn EventSink>,
}

impl Worker {
    /// Serves the queue until it is closed.
    pub(super) fn serve(mut self) {
        time_limit::end_when_gone(Arc::clone(self.worker_slot.gone()));
        while let Some(command) = self.next_command() {
            if !command.is_abandoned() {
                let outcome = match self.mode {
                    Mode::Read => time_limit::within(self.read_timeout, || self.run(&command)),
                    // Write commands are small, and their outcome must be known.
                    Mode::Write => self.run(&command),
                };
                command.reply(outcome);
            }
        }
    }

    /// The next command. A worker without a connection leaves the commands to workers that have one, if there are any.
    /// Otherwise it would reject most commands, because rejecting is faster than running.
    fn next_command(&mut self) -> Option<Command> {
        while self.connection.is_disconnected_alone() && self.worker_slot.is_open() {
            self.connection.reconnect();
        }
        self.worker_slot.wait()
    }

    /// Runs a command, and again after conflicts. Once it has taken as long as a statement may take, the statement
    /// limit may have ended it, which only the message distinguishes from a deadlock. Then it isn't run again, so that
    /// a command that waits in vain takes about twice the limit at most, and not six times.
    fn run(&mut self, command: &Command) -> CommandOutcome {
        let began = Instant::now();
        for re_run in 0.. {
            match self.run_once(command) {
                RunOutcome::Settled(outcome) => return outcome,
                RunOutcome::Conflict(fault)
                    if re_run == RE_RUNS
                        || self.connector.is_past_timeout(began)
                        || time_limit::is_over()
                        || command.is_abandoned() =>
                {
                    tracing::error!(%fault, runs = re_run + 1, "giving up on a command");
                    return Err(fault);
                }
                RunOutcome::Conflict(_) => std::thread::sleep(PAUSE * (re_run + 1)),
            }
        }
        unreachable!("the number of runs is bounded")
    }

    fn run_once(&mut self, command: &Command) -> RunOutcome {
        let mut session = match self.connection.begin() {
            Ok(session) => session,
            Err(fault) => return RunOutcome::Settled(Err(fault)),
        };
        self.worker_slot.gone().set_backend(session.backend());
        let mut emitted = CommandEvents::default();
        let events = match self.mode {
            Mode::Read => Events::Refused,
            Mode::Write => Events::Own(&mut emitted),
        };
        let tx_connection = Connection::Postgres(&mut session);
        let mut tx =
            DbTx::new(tx_connection, self.clock.now(), &self.activity, events).with_sealer(&self.sealer);
        let decision = catch_unwind(AssertUnwindSafe(|| command.run(&mut tx)));
        let has_enqueued = tx.has_enqueued();
        let recorded = tx.take_recorded();
        match (decision, tx.into_failure()) {
            (Ok(CommitDecision::Commit), None) => {
                let run = self.commit(session, emitted, recorded);
                if has_enqueued && may_be_stored(&run) {
                    self.wake_jobs();
                }
                run
            }
            (Ok(CommitDecision::RollBack), None) => self.roll_back(session, RunOutcome::Settled(Ok(()))),
            (Ok(_), Some(failure)) => self.roll_back(session, failure.into()),
            (Err(_), _) => self.roll_back(session, RunOutcome::Settled(Err(StorageFault::Panicked))),
        }
    }

    /// Stores the events and the entries of the audit log, and commits. The entries come last, because whoever appends one
    /// waits for all others who do.
    fn commit(
        &mut self,
        mut session: PgSession,
        emitted: CommandEvents,
        recorded: Vec<Recorded>,
    ) -> RunOutcome {
        let has_events = !emitted.is_empty();
        let appended = emitted.append(&mut session);
        let recorded = || audit::append(&mut Connection::Postgres(&mut session), recorded);
        if let Err(error) = appended.and_then(|()| recorded()) {
            return self.roll_back(session, TxFailure::on_postgres(&error).into());
        }
        match session.batch_execute("COMMIT") {
            Ok(()) => {
                self.connection.keep(session);
                if has_events {
                    self.log.wake();
                }
                RunOutcome::Settled(Ok(()))
            }
            // The data that was read is correct all the same, and nothing was to be stored.
            Err(_) if self.mode == Mode::Read => RunOutcome::Settled(Ok(())),
            Err(error) => self.commit_failed(session, &error),
        }
    }

    fn wake_jobs(&self) {
        if catch_unwind(AssertUnwindSafe(|| self.sink.jobs_enqueued())).is_err() {
            tracing::error!("the event sink panicked on stored jobs");
        }
    }

    /// Interprets a failed COMMIT. If the server still responds, nothing is stored. If the connection is lost,
    /// everything may be stored, even if the last response was an error.
    fn commit_failed(&mut self, session: PgSession, error: &Error) -> RunOutcome {
        let failure = TxFailure::on_postgres(error);
        if !is_lost(error) && self.undo(session) {
            return failure.into();
        }
        tracing::warn!(%error, "lost the connection during a commit; its outcome is unknown");
        // It may be stored.
        self.log.wake();
        RunOutcome::Settled(Err(StorageFault::OutcomeUnknown))
    }

    /// Rolls back. If the connection is lost, the command isn't run again: its caller gets the fault at once.
    fn roll_back(&mut self, session: PgSession, run: RunOutcome) -> RunOutcome {
        match (self.undo(session), run) {
            (false, RunOutcome::Conflict(fault)) => RunOutcome::Settled(Err(fault)),
            (_, run) => run,
        }
    }

    /// Rolls back and keeps the connection. Returns whether that succeeded.
    fn undo(&mut self, mut session: PgSession) -> bool {
        let undone = session.batch_execute("ROLLBACK").is_ok();
        if undone {
            self.connection.keep(session);
        }
        undone
    }
}

/// Whether the work of a run that was to be committed is or may be stored.
const fn may_be_stored(run: &RunOutcome) -> bool {
    matches!(run, RunOutcome::Settled(Ok(()) | Err(StorageFault::OutcomeUnknown)))
}

/// Whether the server may have executed a COMMIT without responding.
const fn is_lost(error: &Error) -> bool {
    matches!(
        error,
        Error::DatabaseError(DatabaseErrorKind::ClosedConnection | DatabaseErrorKind::UnableToSendCommand, _)
    )
}

//! Workers: threads that each run commands on a connection of their own, one transaction a command.
//!
//! What must stay true: a command is answered only after its COMMIT, it is run again only while it is certain that
//! nothing of it is stored, and a connection is never used again with a transaction left open on it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::result::{DatabaseErrorKind, Error};
use groupchat_domain::storage::{Mode, StorageFault, Verdict};
use groupchat_domain::time::Clock;

use super::dial::{Dial, Purpose};
use super::log::LogSignal;
use crate::connection::Connection;
use crate::event_log::CommandEvents;
use crate::executor::activity::KeyActivity;
use crate::executor::command::{Command, CommandQueue, Outcome};
use crate::fault;
use crate::tx::{DbTx, Events, Failure};

/// How often a command is run again after a conflict with others.
const RE_RUNS: u32 = 5;

/// The pause before the first re-run; each further one waits this much longer. Whom it lost to is done by then.
const PAUSE: Duration = Duration::from_millis(5);

/// After a failure to connect, commands are turned away for so long without another try.
const REDIAL_AFTER: Duration = Duration::from_millis(500);

/// How one run of a command ended.
enum Run {
    /// It is settled.
    Settled(Outcome),
    /// Nothing of it is stored, and another run may do better.
    Conflict(StorageFault),
}

impl From<Failure> for Run {
    fn from(failure: Failure) -> Self {
        if failure.may_be_conflict {
            Self::Conflict(failure.fault)
        } else {
            Self::Settled(Err(failure.fault))
        }
    }
}

/// One of the threads.
pub(super) struct Worker {
    pub(super) dial: Arc<Dial>,
    pub(super) mode: Mode,
    /// `None` while the server can't be reached.
    pub(super) connection: Option<PgConnection>,
    pub(super) redial_at: Instant,
    pub(super) queue: Arc<CommandQueue>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) activity: Arc<KeyActivity>,
    /// Told when events were stored.
    pub(super) log: Arc<LogSignal>,
}

impl Worker {
    /// Serves the queue until it is closed.
    pub(super) fn serve(mut self) {
        while let Some(command) = self.queue.wait() {
            if !command.is_abandoned() {
                let outcome = self.run(&command);
                command.answer(outcome);
            }
        }
    }

    /// Runs a command, and again while it meets with conflicts. Once it has taken as long as a statement may, what
    /// ended it may have been that limit, which is told apart from a deadlock only in words: then no more, so that
    /// a command in which a statement waits in vain takes about twice the limit at most, and not six times.
    fn run(&mut self, command: &Command) -> Outcome {
        let began = Instant::now();
        for re_run in 0.. {
            match self.run_once(command) {
                Run::Settled(outcome) => return outcome,
                Run::Conflict(fault)
                    if re_run == RE_RUNS || self.dial.is_past_timeout(began) || command.is_abandoned() =>
                {
                    tracing::error!(%fault, runs = re_run + 1, "a command is given up");
                    return Err(fault);
                }
                Run::Conflict(_) => std::thread::sleep(PAUSE * (re_run + 1)),
            }
        }
        unreachable!("the number of runs is bounded")
    }

    fn run_once(&mut self, command: &Command) -> Run {
        let mut connection = match self.begin() {
            Ok(connection) => connection,
            Err(fault) => return Run::Settled(Err(fault)),
        };
        let mut emitted = CommandEvents::default();
        let events = match self.mode {
            Mode::Read => Events::Refused,
            Mode::Write => Events::Own(&mut emitted),
        };
        let tx_connection = Connection::Postgres(&mut connection);
        let mut tx = DbTx::new(tx_connection, self.clock.now(), &self.activity, events);
        let verdict = catch_unwind(AssertUnwindSafe(|| command.run(&mut tx)));
        match (verdict, tx.into_failure()) {
            (Ok(Verdict::Commit), None) => self.commit(connection, emitted),
            (Ok(Verdict::RollBack), None) => self.roll_back(connection, Run::Settled(Ok(()))),
            (Ok(_), Some(failure)) => self.roll_back(connection, failure.into()),
            (Err(_), _) => self.roll_back(connection, Run::Settled(Err(StorageFault::Panicked))),
        }
    }

    /// Begins a transaction, on a new connection if the old one is lost: nothing has been asked of it yet, so
    /// nobody needs to know.
    fn begin(&mut self) -> Result<PgConnection, StorageFault> {
        let begin = match self.mode {
            Mode::Read => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
            Mode::Write => "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE",
        };
        if let Some(mut connection) = self.connection.take() {
            match connection.batch_execute(begin) {
                Ok(()) => return Ok(connection),
                Err(error) => tracing::debug!(%error, "a connection is replaced"),
            }
        }
        let mut connection = self.connect()?;
        connection.batch_execute(begin).map_err(|error| fault::postgres_fault(&error))?;
        Ok(connection)
    }

    fn connect(&mut self) -> Result<PgConnection, StorageFault> {
        let unavailable = |reason: String| StorageFault::Unavailable { reason };
        if Instant::now() < self.redial_at {
            return Err(unavailable("the database server can't be reached".into()));
        }
        let purpose = match self.mode {
            Mode::Read => Purpose::Read,
            Mode::Write => Purpose::Write,
        };
        self.dial.connect(purpose).map_err(|reason| {
            tracing::warn!(reason, "the database server can't be reached");
            self.redial_at = Instant::now() + REDIAL_AFTER;
            unavailable(reason)
        })
    }

    /// Stores the events and makes all durable.
    fn commit(&mut self, mut connection: PgConnection, emitted: CommandEvents) -> Run {
        let has_events = !emitted.is_empty();
        if let Err(error) = emitted.append(&mut connection) {
            return self.roll_back(connection, Failure::on_postgres(&error).into());
        }
        match connection.batch_execute("COMMIT") {
            Ok(()) => {
                self.connection = Some(connection);
                if has_events {
                    self.log.wake();
                }
                Run::Settled(Ok(()))
            }
            // What was read is right all the same, and nothing was to be stored.
            Err(_) if self.mode == Mode::Read => Run::Settled(Ok(())),
            Err(error) => self.commit_failed(connection, &error),
        }
    }

    /// What a COMMIT that failed means. A server that answers, and goes on answering, has stored nothing. One that is
    /// gone may have stored all before it could say so, even if its last word was an error.
    fn commit_failed(&mut self, connection: PgConnection, error: &Error) -> Run {
        let failure = Failure::on_postgres(error);
        if !is_lost(error) && self.undo(connection) {
            return failure.into();
        }
        tracing::warn!(%error, "the connection was lost in a commit; its outcome is unknown");
        // It may well be stored.
        self.log.wake();
        Run::Settled(Err(StorageFault::OutcomeUnknown))
    }

    /// Undoes the transaction. There is no other run on a connection that is lost: the caller is told at once.
    fn roll_back(&mut self, connection: PgConnection, run: Run) -> Run {
        match (self.undo(connection), run) {
            (false, Run::Conflict(fault)) => Run::Settled(Err(fault)),
            (_, run) => run,
        }
    }

    /// Undoes the transaction and keeps the connection, unless that fails; whether it was kept.
    fn undo(&mut self, mut connection: PgConnection) -> bool {
        let undone = connection.batch_execute("ROLLBACK").is_ok();
        if undone {
            self.connection = Some(connection);
        }
        undone
    }
}

/// Whether the server may have carried out a COMMIT that it did not answer.
const fn is_lost(error: &Error) -> bool {
    matches!(
        error,
        Error::DatabaseError(DatabaseErrorKind::ClosedConnection | DatabaseErrorKind::UnableToSendCommand, _)
    )
}

//! The readers: threads that run commands on snapshots, concurrently with the writer and each other.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use diesel::prelude::*;
use groupchat_domain::storage::StorageFault;
use groupchat_domain::time::Clock;

use super::statement::{Begin, Commit, Rollback};
use crate::accounts::key_activity::KeyActivity;
use crate::connection::Connection;
use crate::executor::command::{Command, CommandOutcome, WorkerSlot};
use crate::fault::sqlite_fault;
use crate::secrets::SealerSlot;
use crate::time_limit;
use crate::tx::{DbTx, Events};

/// A reader thread with its connection.
pub(super) struct Reader {
    pub(super) connection: SqliteConnection,
    pub(super) worker_slot: WorkerSlot,
    /// How long a command may take. Zero means no limit.
    pub(super) timeout: Duration,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) activity: Arc<KeyActivity>,
    pub(super) sealer: Arc<SealerSlot>,
}

impl Reader {
    /// Serves the queue until it is closed.
    pub(super) fn serve(mut self) {
        time_limit::end_when_gone(Arc::clone(self.worker_slot.gone()));
        while let Some(command) = self.worker_slot.wait() {
            if !command.is_abandoned() {
                let outcome = self.run(&command);
                command.reply(outcome);
            }
        }
    }

    /// Runs one command on its own snapshot.
    fn run(&mut self, command: &Command) -> CommandOutcome {
        let outcome = time_limit::within(self.timeout, || self.run_in_snapshot(command));
        // There is nothing to commit. COMMIT only ends the snapshot, as ROLLBACK does after a failure.
        let ended = match &outcome {
            Ok(()) => Commit.execute(&mut self.connection),
            Err(_) => Rollback.execute(&mut self.connection),
        };
        if let Err(error) = ended {
            tracing::warn!(%error, "could not end a read transaction");
            // Otherwise the next command would run inside this transaction.
            let _ = Rollback.execute(&mut self.connection);
        }
        outcome
    }

    fn run_in_snapshot(&mut self, command: &Command) -> CommandOutcome {
        Begin.execute(&mut self.connection).map_err(|error| sqlite_fault(&error))?;
        let connection = Connection::Sqlite(&mut self.connection);
        let mut tx = DbTx::new(connection, self.clock.now(), &self.activity, Events::Refused)
            .with_sealer(&self.sealer);
        match catch_unwind(AssertUnwindSafe(|| command.run(&mut tx))) {
            Ok(_) => tx.into_failure().map_or(Ok(()), |failure| Err(failure.fault)),
            Err(_) => Err(StorageFault::Panicked),
        }
    }
}

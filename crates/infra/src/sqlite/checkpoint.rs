//! Moves the contents of the write-ahead log into the database file, outside the writer.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use diesel::prelude::*;
use diesel::sql_types::Integer;

use super::gate::Gate;
use crate::executor::sync::{Condvar, Mutex, locked};

/// Pages in the log from which a checkpoint is worthwhile: 4 MiB.
const WORTHWHILE_PAGES: i32 = 1_000;

/// Pages from which the log must start over at its beginning: 64 MiB. Under load, a checkpoint concurrent with the
/// writer never reaches the end of the log, so the writer pauses for this one.
const TOO_MANY_PAGES: i32 = 16_384;

/// By how much the log may grow before the next attempt, if a reader prevented it from starting over: 16 MiB.
const MORE_PAGES: i32 = 4_096;

/// Commands after which to check the length of the log.
const COMMANDS_PER_LOOK: usize = 256;

/// How often to check at least, if anything was written.
const POLL_INTERVAL: Duration = Duration::from_secs(1);

#[derive(Debug, Default)]
struct SignalState {
    commands: usize,
    stopped: bool,
}

/// Wakes the checkpointer.
#[derive(Debug, Default)]
pub(super) struct CheckpointSignal {
    state: Mutex<SignalState>,
    changed: Condvar,
}

impl CheckpointSignal {
    /// Counts commands that were made durable.
    pub(super) fn committed(&self, commands: usize) {
        let mut state = locked(&self.state);
        let before = state.commands;
        state.commands += commands;
        if before < COMMANDS_PER_LOOK && state.commands >= COMMANDS_PER_LOOK {
            drop(state);
            self.changed.notify_one();
        }
    }

    /// Stops the checkpointer.
    pub(super) fn stop(&self) {
        locked(&self.state).stopped = true;
        self.changed.notify_one();
    }

    /// Waits until a check is due. Returns `false` once stopped.
    fn wait(&self) -> bool {
        loop {
            let state = locked(&self.state);
            let (mut state, _) = self
                .changed
                .wait_timeout_while(state, POLL_INTERVAL, |state| {
                    !state.stopped && state.commands < COMMANDS_PER_LOOK
                })
                .unwrap_or_else(PoisonError::into_inner);
            if state.stopped {
                return false;
            }
            if std::mem::take(&mut state.commands) > 0 {
                return true;
            }
        }
    }
}

/// The result row of `PRAGMA wal_checkpoint`.
#[derive(Debug, QueryableByName)]
struct CheckpointProgress {
    /// Not 0 if readers or a writer blocked the checkpoint.
    #[diesel(sql_type = Integer)]
    busy: i32,
    /// Pages in the log, or -1 if unknown.
    #[diesel(sql_type = Integer)]
    log: i32,
    /// How many of these pages are in the database file, too.
    #[diesel(sql_type = Integer)]
    checkpointed: i32,
}

/// How much a checkpoint does.
#[derive(Debug, Clone, Copy)]
enum CheckpointMode {
    /// Nothing. Only reports the state.
    Look,
    /// As much as it can without blocking anybody.
    Passive,
    /// Everything, so that the log starts over.
    Restart,
    /// Everything, and truncates the file.
    Truncate,
}

impl CheckpointMode {
    const fn sql(self) -> &'static str {
        match self {
            Self::Look => "PRAGMA wal_checkpoint(NOOP)",
            Self::Passive => "PRAGMA wal_checkpoint(PASSIVE)",
            Self::Restart => "PRAGMA wal_checkpoint(RESTART)",
            Self::Truncate => "PRAGMA wal_checkpoint(TRUNCATE)",
        }
    }
}

fn checkpoint(connection: &mut SqliteConnection, depth: CheckpointMode) -> QueryResult<CheckpointProgress> {
    diesel::sql_query(depth.sql()).get_result(connection)
}

/// Empties the log, for a clean shutdown.
///
/// # Errors
/// The failure of the statement. Nothing is lost.
pub(super) fn truncate(connection: &mut SqliteConnection) -> QueryResult<()> {
    checkpoint(connection, CheckpointMode::Truncate).map(|_| ())
}

/// The checkpointer's thread.
pub(super) struct Checkpointer {
    connection: SqliteConnection,
    signal: Arc<CheckpointSignal>,
    gate: Arc<Gate>,
    /// The length of the log, in pages, at which it should start over.
    pub(super) restart_at: i32,
}

impl Checkpointer {
    pub(super) const fn new(
        connection: SqliteConnection,
        signal: Arc<CheckpointSignal>,
        gate: Arc<Gate>,
    ) -> Self {
        Self { connection, signal, gate, restart_at: TOO_MANY_PAGES }
    }

    /// Leaves restarts of the log to another process, because the gate only blocks the writer of this one.
    pub(super) const fn never_restart(&mut self) {
        self.restart_at = i32::MAX;
    }

    /// Runs until it is stopped.
    pub(super) fn serve(mut self) {
        while self.signal.wait() {
            if let Err(error) = self.look() {
                // Nothing is lost: the log stays, and the next check tries again.
                tracing::warn!(%error, "a checkpoint failed");
            }
        }
    }

    /// Checks the length of the log, and does the checkpoint that it requires.
    pub(super) fn look(&mut self) -> QueryResult<()> {
        let progress = checkpoint(&mut self.connection, CheckpointMode::Look)?;
        if progress.log - progress.checkpointed < WORTHWHILE_PAGES {
            return Ok(());
        }
        let progress = checkpoint(&mut self.connection, CheckpointMode::Passive)?;
        if progress.log >= self.restart_at {
            self.restart()?;
        }
        Ok(())
    }

    /// Blocks the writer while the rest is copied, and while readers of old pages continue, up to the connection's busy
    /// timeout. If a reader takes longer, the log may grow some more before the next attempt, so that one long read
    /// doesn't slow down all writes.
    fn restart(&mut self) -> QueryResult<()> {
        let quiet = self.gate.close();
        let progress = checkpoint(&mut self.connection, CheckpointMode::Restart)?;
        drop(quiet);
        self.restart_at =
            if progress.busy == 0 { TOO_MANY_PAGES } else { progress.log.saturating_add(MORE_PAGES) };
        Ok(())
    }
    /// The length of the log in pages.
    #[cfg(test)]
    pub(super) fn pages_in_log(&mut self) -> i32 {
        checkpoint(&mut self.connection, CheckpointMode::Look).expect("a look needs no lock").log
    }
}

//! Moves the contents of the write-ahead log into the database file, outside the writer.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use diesel::prelude::*;
use diesel::sql_types::Integer;

use super::gate::Gate;
use crate::executor::sync::locked;

/// Pages in the log that are worth a checkpoint: 4 MiB.
const WORTHWHILE_PAGES: i32 = 1_000;

/// Pages after which the log must start over from its beginning: 64 MiB. A checkpoint beside the writer never
/// gets to the end of the log under load, so the writer has to pause for this one.
const TOO_MANY_PAGES: i32 = 16_384;

/// By how much the log may grow before the next try, when a reader was in the way of starting over: 16 MiB.
const MORE_PAGES: i32 = 4_096;

/// Commands after which to look how long the log is.
const COMMANDS_PER_LOOK: usize = 256;

/// How often to look at least, if anything was written.
const POLL_INTERVAL: Duration = Duration::from_secs(1);

#[derive(Debug, Default)]
struct SignalState {
    commands: usize,
    stopped: bool,
}

/// Tells the checkpointer that there is something to look at.
#[derive(Debug, Default)]
pub(super) struct CheckpointSignal {
    state: Mutex<SignalState>,
    changed: Condvar,
}

impl CheckpointSignal {
    /// Notes that this many commands were made durable.
    pub(super) fn committed(&self, commands: usize) {
        let mut state = locked(&self.state);
        let before = state.commands;
        state.commands += commands;
        if before < COMMANDS_PER_LOOK && state.commands >= COMMANDS_PER_LOOK {
            drop(state);
            self.changed.notify_one();
        }
    }

    /// Ends the checkpointer.
    pub(super) fn stop(&self) {
        locked(&self.state).stopped = true;
        self.changed.notify_one();
    }

    /// Waits until a look is due; `false` once there is none any more.
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

/// The row that `PRAGMA wal_checkpoint` answers.
#[derive(Debug, QueryableByName)]
struct CheckpointProgress {
    /// Not 0 when readers or a writer were in the way.
    #[diesel(sql_type = Integer)]
    busy: i32,
    /// Pages in the log; -1 when it is unknown.
    #[diesel(sql_type = Integer)]
    log: i32,
    /// Pages of those that are in the database file too.
    #[diesel(sql_type = Integer)]
    checkpointed: i32,
}

/// How far a checkpoint goes.
#[derive(Debug, Clone, Copy)]
enum CheckpointMode {
    /// Only looks.
    Look,
    /// As far as it gets without holding up anybody.
    Passive,
    /// To the end, so that the log starts over.
    Restart,
    /// To the end, and empties the file.
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

/// Empties the log, for an orderly end.
///
/// # Errors
/// The failure of the statement; nothing is lost by it.
pub(super) fn truncate(connection: &mut SqliteConnection) -> QueryResult<()> {
    checkpoint(connection, CheckpointMode::Truncate).map(|_| ())
}

/// The thread that does it.
pub(super) struct Checkpointer {
    connection: SqliteConnection,
    signal: Arc<CheckpointSignal>,
    gate: Arc<Gate>,
    /// The length of the log at which it should start over.
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

    /// Leaves it to another process to let the log start over: the gate holds up only the writer of this one.
    pub(super) const fn never_restart(&mut self) {
        self.restart_at = i32::MAX;
    }

    /// Works until it is stopped.
    pub(super) fn serve(mut self) {
        while self.signal.wait() {
            if let Err(error) = self.look() {
                // Nothing is lost: the log stays, and the next look tries again.
                tracing::warn!(%error, "a checkpoint failed");
            }
        }
    }

    /// Does what the length of the log asks for.
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

    /// Holds up the writer for what is left to copy, and for readers of old pages as long as the connection's
    /// busy timeout says. Where a reader stays longer, the log may grow some more before the next try, so that
    /// one long read doesn't slow down all writes.
    fn restart(&mut self) -> QueryResult<()> {
        let quiet = self.gate.close();
        let progress = checkpoint(&mut self.connection, CheckpointMode::Restart)?;
        drop(quiet);
        self.restart_at =
            if progress.busy == 0 { TOO_MANY_PAGES } else { progress.log.saturating_add(MORE_PAGES) };
        Ok(())
    }
    /// How long the log is.
    #[cfg(test)]
    pub(super) fn pages_in_log(&mut self) -> i32 {
        checkpoint(&mut self.connection, CheckpointMode::Look).expect("a look needs no lock").log
    }
}

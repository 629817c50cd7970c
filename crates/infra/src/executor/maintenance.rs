//! The storage's maintenance: stores when keys were last used, and gives room back to the disk.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use diesel::prelude::*;
use groupchat_domain::storage::{Caller, CommitDecision, StorageFault};
use groupchat_domain::time::{Clock, Timestamp};

use super::command::CommandQueue;
use super::sync::{Condvar, Mutex, locked};
use crate::accounts::key_activity::{KeyActivity, KeyUse};
use crate::connection::{Connection, on_backend};
use crate::schema::sessions;
use crate::tx::DbTx;

/// Rows that one command touches. Few, so that it doesn't delay other commands for long.
const ROWS_PER_COMMAND: usize = 500;

/// By how much a last use that another server stored may be later than ours: ours may be as old as a few maintenance
/// intervals. A use that is later still comes from a clock that was ahead.
const FURTHEST_USE: Duration = Duration::from_secs(10 * 60);

/// Stores the last uses of keys, in the order of their sessions, so that two processes don't deadlock.
///
/// # Errors
/// The failure of a statement.
pub(crate) fn store_uses(connection: &mut Connection<'_>, uses: &[KeyUse]) -> QueryResult<()> {
    for key_use in uses {
        let at = key_use.at.as_micros();
        // Another server may have seen a later use. One far in the future is wrong and gets replaced.
        let is_later = sessions::last_used_at.is_null().or(sessions::last_used_at.lt(at));
        let is_impossible = sessions::last_used_at.gt(key_use.at.plus(FURTHEST_USE).as_micros());
        // What we have stored ourselves is as we say now, also if the clock was set back.
        let is_ours = sessions::last_used_at.eq(key_use.replaces.map(Timestamp::as_micros));
        let session = sessions::table
            .filter(sessions::id.eq(key_use.session.get()))
            .filter(is_later.or(is_impossible).or(is_ours));
        let change = diesel::update(session).set(sessions::last_used_at.eq(Some(at)));
        on_backend!(connection, |connection| change.execute(connection))?;
    }
    Ok(())
}

/// A step of a task: whether there is more to do.
pub(crate) type Step = fn(&mut Connection<'_>) -> QueryResult<bool>;

/// Runs a step again and again as a command of its own, until there is no more to do. Between two steps, others get a turn, and
/// `goes_on` may end it.
///
/// # Errors
/// A fault. What was done before stays.
pub(crate) fn in_steps(
    queue: &Arc<CommandQueue>,
    step: Step,
    goes_on: impl Fn() -> bool,
) -> Result<(), StorageFault> {
    let has_more = Arc::new(AtomicBool::new(true));
    while has_more.swap(false, Ordering::Relaxed) {
        let has_more = Arc::clone(&has_more);
        let work = move |tx: &mut DbTx<'_>| match tx.run(step) {
            Ok(more) => {
                has_more.store(more, Ordering::Relaxed);
                CommitDecision::Commit
            }
            Err(_) => CommitDecision::RollBack,
        };
        queue.submit(Caller::System, Box::new(work))?.wait()?;
        if !goes_on() {
            break;
        }
    }
    Ok(())
}

/// When the maintenance leaves the rest of a task in steps for the next round, since others wait for their turn.
const LONGEST_TASK: Duration = Duration::from_secs(5);

/// How long others get between two steps.
pub(crate) const BETWEEN_STEPS: Duration = Duration::from_millis(10);

/// Stops the maintenance.
#[derive(Debug, Default)]
pub(crate) struct StopSignal {
    stopped: Mutex<bool>,
    changed: Condvar,
}

impl StopSignal {
    pub(crate) fn stop(&self) {
        *locked(&self.stopped) = true;
        self.changed.notify_all();
    }

    /// Sleeps for `time`. Returns `false` if it is stopped meanwhile.
    fn sleep(&self, time: Duration) -> bool {
        let stopped = locked(&self.stopped);
        let (stopped, _) = self
            .changed
            .wait_timeout_while(stopped, time, |stopped| !*stopped)
            .unwrap_or_else(PoisonError::into_inner);
        !*stopped
    }
}

/// Runs a task. A failure or panic must not keep other tasks, or the next round, from running.
fn attempt(task: &str, run: impl FnOnce() -> Result<(), StorageFault>) {
    match catch_unwind(AssertUnwindSafe(run)) {
        Ok(Ok(())) => {}
        Ok(Err(fault)) => tracing::warn!(task, %fault, "postponed a maintenance task of the storage"),
        Err(_) => tracing::error!(task, "a maintenance task of the storage panicked"),
    }
}

/// The maintenance thread. It sends commands to the writer.
pub(crate) struct StorageMaintenance {
    pub(crate) every: Duration,
    pub(crate) queue: Arc<CommandQueue>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) activity: Arc<KeyActivity>,
    pub(crate) stop: Arc<StopSignal>,
    /// A step that gives room back to the disk, where the database doesn't do so by itself.
    pub(crate) give_back: Option<Step>,
}

impl StorageMaintenance {
    /// Runs until it is stopped.
    pub(crate) fn serve(self) {
        while self.stop.sleep(self.every) {
            self.do_all();
        }
    }

    fn do_all(&self) {
        attempt("storing the last uses of keys", || self.store_key_uses());
        attempt("forgetting idle keys", || {
            self.activity.forget_idle(self.clock.now());
            Ok(())
        });
        if let Some(step) = self.give_back {
            attempt("giving room back to the disk", || {
                let until = Instant::now() + LONGEST_TASK;
                in_steps(&self.queue, step, || self.stop.sleep(BETWEEN_STEPS) && Instant::now() < until)
            });
        }
    }

    fn store_key_uses(&self) -> Result<(), StorageFault> {
        for uses in self.activity.unstored().chunks(ROWS_PER_COMMAND) {
            let rows = uses.to_vec();
            self.queue
                .submit(
                    Caller::System,
                    Box::new(move |tx| match tx.run(|connection| store_uses(connection, &rows)) {
                        Ok(()) => CommitDecision::Commit,
                        Err(_) => CommitDecision::RollBack,
                    }),
                )?
                .wait()?;
            self.activity.stored(uses);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;

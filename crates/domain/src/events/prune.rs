//! Removing old events from the log.

use std::time::Duration;

use crate::error::Error;
use crate::events::repository::Retained;
use crate::jobs::Task;
use crate::storage::Tx;

/// Events that one command removes. Few, so that it doesn't delay other commands for long.
const REMOVE_BATCH: i64 = 500;

/// How much of the log to keep. An event is removed as soon as one limit is exceeded. A client with an older cursor
/// must reload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// The maximum age of an event.
    pub age: Duration,
    /// The maximum number of events.
    pub rows: i64,
}

impl Default for Retention {
    /// Seven days, and no more than a million events.
    fn default() -> Self {
        Self { age: Duration::from_secs(7 * 24 * 3600), rows: 1_000_000 }
    }
}

/// How far the clocks of servers that share a log may differ.
const SKEW: Duration = Duration::from_secs(60);

/// Removes a batch of the oldest events that exceed a limit. Returns whether there may be more. The newest event always
/// stays: it is the head of the log. Who was in a private group that was deleted is forgotten with the event that told
/// them of it.
///
/// # Errors
/// A fault.
pub fn prune(tx: &mut dyn Tx, retention: Retention) -> Result<bool, Error> {
    let now = tx.now();
    let retained = Retained { since: now.minus(retention.age), latest: now.plus(SKEW), rows: retention.rows };
    let removed = tx.events().remove_old(retained, REMOVE_BATCH)?;
    for group in removed.ended {
        tx.jobs().enqueue(Task::ForgetGroup(group), now)?;
    }
    Ok(i64::try_from(removed.count).unwrap_or(REMOVE_BATCH) >= REMOVE_BATCH)
}

#[cfg(test)]
mod tests;

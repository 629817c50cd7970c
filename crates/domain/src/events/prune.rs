//! Removing old events from the log.

use std::time::Duration;

use crate::error::Error;
use crate::events::repository::Retained;
use crate::storage::Tx;

/// Events that one command removes, so that it holds up the others for a moment only.
const REMOVE_BATCH: i64 = 500;

/// How much of the log stays. An event goes as soon as either says so; a client whose cursor is older reloads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// How old an event may get.
    pub age: Duration,
    /// How many events there may be.
    pub rows: i64,
}

impl Default for Retention {
    /// Seven days, and no more than a million events.
    fn default() -> Self {
        Self { age: Duration::from_secs(7 * 24 * 3600), rows: 1_000_000 }
    }
}

/// How far the clocks of servers may be apart that share a log.
const SKEW: Duration = Duration::from_secs(60);

/// Removes some of the oldest events that need not stay; whether there may be more. The newest event always stays:
/// it is the head of the log.
///
/// # Errors
/// A fault.
pub fn prune(tx: &mut dyn Tx, retention: Retention) -> Result<bool, Error> {
    let now = tx.now();
    let retained = Retained { since: now.minus(retention.age), latest: now.plus(SKEW), rows: retention.rows };
    let removed = tx.events().remove_old(retained, REMOVE_BATCH)?;
    Ok(i64::try_from(removed).unwrap_or(REMOVE_BATCH) >= REMOVE_BATCH)
}

#[cfg(test)]
mod tests;

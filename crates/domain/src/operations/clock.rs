//! Whether the clock is plausible.

use std::time::Duration;

use crate::error::Error;
use crate::ids::Position;
use crate::storage::Tx;
use crate::time::Timestamp;

/// How far the clock may be behind the newest event: another server's clock, or a leap that NTP is about to undo.
const BEHIND: Duration = Duration::from_secs(3600);
/// How far it may be ahead of it: a year without any event is rarer than a clock that was set wrong.
const AHEAD: Duration = Duration::from_secs(365 * 24 * 3600);

/// Why the clock is hardly right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClockDoubt {
    /// It shows a time at which the program was not made yet.
    BeforeProgram,
    /// It is behind the newest event by so much.
    Behind(Duration),
    /// It is ahead of it by so much.
    Ahead(Duration),
}

/// Compares the clock with what can't be later than now (the program, made at `made`) and with what is hardly much
/// earlier: the newest event. `None` where nothing speaks against it.
///
/// # Errors
/// A fault.
pub fn doubt_clock(tx: &mut dyn Tx, made: Timestamp) -> Result<Option<ClockDoubt>, Error> {
    let now = tx.now();
    if now < made {
        return Ok(Some(ClockDoubt::BeforeProgram));
    }
    let before_head = Position::new((tx.events().head()?.get() - 1).max(0));
    let Some(newest) = tx.events().after(before_head, 1)?.pop() else { return Ok(None) };
    let micros = now.as_micros().saturating_sub(newest.at.as_micros());
    let apart = Duration::from_micros(micros.unsigned_abs());
    Ok(match micros < 0 {
        true if apart > BEHIND => Some(ClockDoubt::Behind(apart)),
        false if apart > AHEAD => Some(ClockDoubt::Ahead(apart)),
        _ => None,
    })
}

#[cfg(test)]
mod tests;

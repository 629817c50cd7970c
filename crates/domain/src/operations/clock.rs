//! Whether the clock is plausible.

use std::time::Duration;

use crate::error::Error;
use crate::ids::Position;
use crate::storage::Tx;
use crate::time::Timestamp;

/// How far the clock may be behind the newest event: another server's clock may differ, or NTP may be about to correct
/// it.
const BEHIND: Duration = Duration::from_secs(3600);
/// How far it may be ahead: a year without any event is less likely than a wrong clock.
const AHEAD: Duration = Duration::from_secs(365 * 24 * 3600);

/// Why the clock is probably wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClockDoubt {
    /// It is before the time at which the program was built.
    BeforeProgram,
    /// It is this far behind the newest event.
    Behind(Duration),
    /// It is this far ahead of the newest event.
    Ahead(Duration),
}

/// Compares the clock with the time at which the program was built (`made`), which can't be later than now, and with
/// the newest event, which is hardly much earlier. Returns `None` if the clock is plausible.
///
/// # Errors
/// A fault.
pub fn doubt_clock(tx: &mut dyn Tx, made: Timestamp) -> Result<Option<ClockDoubt>, Error> {
    let now = tx.now();
    if now < made {
        return Ok(Some(ClockDoubt::BeforeProgram));
    }
    let Some(newest) = newest_event_at(tx)? else { return Ok(None) };
    let micros = now.as_micros().saturating_sub(newest.as_micros());
    let apart = Duration::from_micros(micros.unsigned_abs());
    Ok(match micros < 0 {
        true if apart > BEHIND => Some(ClockDoubt::Behind(apart)),
        false if apart > AHEAD => Some(ClockDoubt::Ahead(apart)),
        _ => None,
    })
}

/// How far the clock is ahead of the newest event: how long nothing has happened, unless it is wrong. Nothing without events.
///
/// # Errors
/// A fault.
pub fn ahead_of_newest_event(tx: &mut dyn Tx) -> Result<Duration, Error> {
    let now = tx.now();
    Ok(newest_event_at(tx)?.map_or(Duration::ZERO, |newest| now.saturating_duration_since(newest)))
}

fn newest_event_at(tx: &mut dyn Tx) -> Result<Option<Timestamp>, Error> {
    let before_head = Position::new((tx.events().head()?.get() - 1).max(0));
    Ok(tx.events().after(before_head, 1)?.pop().map(|newest| newest.at))
}

#[cfg(test)]
mod tests;

//! Checks the clock when the server starts.

use std::time::Duration;

use groupchat_domain::Error;
use groupchat_domain::operations::{ClockDoubt, ahead_of_newest_event, doubt_clock};
use groupchat_domain::storage::{Access, Caller, Mode, Storage};
use groupchat_domain::time::Timestamp;

/// Days are told, since a clock that is set wrong is years off.
const DAY: u64 = 24 * 3600;

/// When this program was made; at the beginning of time if that was not noted.
fn made() -> Timestamp {
    let seconds = env!("PROGRAM_MADE_AT").parse().unwrap_or(0);
    Timestamp::from_micros(0).plus(Duration::from_secs(seconds))
}

/// Warns if the clock can hardly be right: times that are stored under a wrong one stay wrong. Says whether it is too
/// far ahead for rows to be removed that are old by it.
///
/// # Errors
/// A fault.
pub(crate) async fn look(storage: &dyn Storage) -> Result<bool, Error> {
    let access = Access { mode: Mode::Read, caller: Caller::System };
    let doubt = storage.run(access, |tx| doubt_clock(tx, made())).await?;
    if let Some(doubt) = doubt {
        tracing::warn!("{}; if the clock is wrong, stop the server and set it", describe(doubt));
    }
    Ok(matches!(doubt, Some(ClockDoubt::Ahead(_))))
}

/// How far the clock may be ahead of the newest event and remove messages nevertheless. What it removes wrongly is gone for good, and
/// to wait for a day costs nothing.
const AHEAD_FOR_MESSAGES: Duration = Duration::from_secs(DAY);

/// Whether the clock is too far ahead of the newest event for messages to be removed that are old by it.
///
/// # Errors
/// A fault.
pub(crate) async fn is_ahead_for_messages(storage: &dyn Storage) -> Result<bool, Error> {
    let access = Access { mode: Mode::Read, caller: Caller::System };
    Ok(storage.run(access, |tx| ahead_of_newest_event(tx)).await? > AHEAD_FOR_MESSAGES)
}

fn describe(doubt: ClockDoubt) -> String {
    let days = |apart: Duration| format!("{} days", apart.as_secs() / DAY);
    match doubt {
        ClockDoubt::BeforeProgram => "the clock shows a time before this program was built".to_owned(),
        ClockDoubt::Behind(apart) if apart.as_secs() < DAY => {
            format!("the clock is {} minutes behind the newest event", apart.as_secs() / 60)
        }
        ClockDoubt::Behind(apart) => format!("the clock is {} behind the newest event", days(apart)),
        ClockDoubt::Ahead(apart) => format!("the clock is {} ahead of the newest event", days(apart)),
    }
}

//! Bots, as far as what they can do hangs on their owner. The use cases of bots are in [`bots`](crate::bots).

use crate::error::Error;
use crate::events::Event;
use crate::ids::UserId;
use crate::storage::Tx;

/// How many bots a user can own.
pub const MAX_BOTS: u32 = 50;

/// Tells servers that the bots of an owner, who has just been suspended or deleted, can do nothing any more:
/// [`SessionRepository`](crate::accounts::SessionRepository) finds no holder of their sessions, so their connections end.
/// Returns whether there are any. The owner must be locked exclusively, so that there are no more of them.
pub(super) fn stop(tx: &mut dyn Tx, by: Option<UserId>, owner: UserId) -> Result<bool, Error> {
    let bots = tx.accounts().bots(owner, None, MAX_BOTS.into())?;
    for bot in &bots {
        tx.emit(by, Event::SessionsEnded(bot.id));
    }
    Ok(!bots.is_empty())
}

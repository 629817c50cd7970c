//! Finding and locking bots.

use crate::accounts::{AccountRefusal, Actor, LockStrength, MAX_BOTS, User, authorize_own_bots};
use crate::bots::error::BotRefusal;
use crate::error::Error;
use crate::ids::UserId;
use crate::storage::Tx;

/// A bot, and who owns it.
pub(super) fn find(tx: &mut dyn Tx, id: UserId) -> Result<(User, UserId), Error> {
    let found = tx.accounts().find(id)?.and_then(|user| user.owner.map(|owner| (user, owner)));
    Ok(found.ok_or(BotRefusal::NotFound)?)
}

/// A bot of the actor. Without a lock, so only for what is shown.
pub(super) fn owned(tx: &mut dyn Tx, actor: &Actor, id: UserId) -> Result<User, Error> {
    authorize_own_bots(actor)?;
    let (bot, owner) = find(tx, id)?;
    if owner == actor.id() { Ok(bot) } else { Err(BotRefusal::NotOwner.into()) }
}

/// A bot of the actor, both locked exclusively.
pub(super) fn lock_owned(tx: &mut dyn Tx, actor: &Actor, id: UserId) -> Result<User, Error> {
    // Checked first, so that nobody locks a user who is not a bot of theirs.
    owned(tx, actor, id)?;
    lock(tx, actor, &[actor.id(), id])?;
    owned(tx, actor, id)
}

/// Locks users exclusively, the actor among them, whose session may have ended just before: what it makes must not outlive
/// it.
pub(super) fn lock(tx: &mut dyn Tx, actor: &Actor, users: &[UserId]) -> Result<(), Error> {
    tx.accounts().lock(users, LockStrength::Exclusive)?;
    let now = tx.now();
    tx.sessions().holder(actor.session, now)?.ok_or(AccountRefusal::Unauthenticated)?;
    Ok(())
}

/// Rejects one more bot of an owner who has as many as they may. The owner must be locked exclusively.
pub(super) fn require_room(tx: &mut dyn Tx, owner: UserId) -> Result<(), Error> {
    let owned = tx.accounts().bots(owner, None, MAX_BOTS.into())?.len();
    if owned >= MAX_BOTS as usize { Err(BotRefusal::TooMany.into()) } else { Ok(()) }
}

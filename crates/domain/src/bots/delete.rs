//! Deleting bots: by their owners, and with their owners.

use crate::accounts::{Actor, LockStrength, delete_locked, delete_user};
use crate::audit::{AuditAction, AuditEntry};
use crate::bots::access::{find, lock_owned};
use crate::error::Error;
use crate::ids::UserId;
use crate::storage::Tx;

/// Deletes a bot on behalf of its owner, or of somebody who manages users and may do no less than the bot, as
/// [`delete_user`] does.
///
/// # Errors
/// [`BotRefusal::NotFound`](crate::bots::BotRefusal::NotFound); `NotPermitted`, `InsufficientScope`, `ProvisionedKey`
/// of [`AccountRefusal`](crate::accounts::AccountRefusal); or a fault.
pub fn delete_bot(tx: &mut dyn Tx, actor: &Actor, id: UserId) -> Result<(), Error> {
    let (_, owner) = find(tx, id)?;
    if owner != actor.id() {
        return delete_user(tx, actor, id);
    }
    let bot = lock_owned(tx, actor, id)?;
    delete_locked(tx, Some(owner), &bot)?;
    tx.record(AuditEntry::by(actor, AuditAction::UserDeleted).to(id));
    Ok(())
}

/// Deletes bots of a deleted user, at most so many; `true` once none is left.
pub(crate) fn end_bots(tx: &mut dyn Tx, owner: UserId, most: i64) -> Result<bool, Error> {
    let ids: Vec<_> = tx.accounts().bots(owner, None, most)?.iter().map(|bot| bot.id).collect();
    tx.accounts().lock(&ids, LockStrength::Exclusive)?;
    for id in &ids {
        // It may have been deleted just before the lock. Nobody gets a bot of a deleted owner.
        if let Some(bot) = tx.accounts().find(*id)? {
            delete_locked(tx, None, &bot)?;
            tx.record(AuditEntry::by_server(AuditAction::UserDeleted).to(*id));
        }
    }
    Ok(i64::try_from(ids.len()).is_ok_and(|ended| ended < most))
}

#[cfg(test)]
mod tests;

//! Handing bots over to another owner.

use crate::accounts::{
    AccountRefusal, Actor, CredentialChange, User, authorize_change, authorize_own_bots, check_over,
    record_edit, rights_held, save_locked,
};
use crate::audit::{AuditAction, AuditEntry};
use crate::bots::access::{find, lock, require_room};
use crate::bots::error::BotRefusal;
use crate::error::Error;
use crate::ids::UserId;
use crate::permissions::ServerPermission;
use crate::storage::Tx;
use crate::validation::{Violation, ViolationCode};

/// Makes somebody else the owner of a bot, on behalf of its owner, or of somebody who manages users and may do no less than
/// the bot. Its tokens stay, so that the program goes on.
///
/// # Errors
/// An invalid `user_id`, which is of a bot or of somebody suspended; [`BotRefusal::NotFound`], also of a bot whose owner
/// has been deleted, and which ends; [`BotRefusal::TooMany`]; `UserNotFound`, `NotPermitted`, `InsufficientScope`,
/// `ProvisionedKey`, `ChangedMeanwhile` of [`AccountRefusal`]; or a fault.
pub fn hand_over_bot(tx: &mut dyn Tx, actor: &Actor, id: UserId, to: UserId) -> Result<User, Error> {
    let (_, owner) = authorize(tx, actor, id)?;
    tx.accounts().lock_admins()?;
    lock(tx, actor, &[actor.id(), id, owner, to])?;
    let (bot, owner_now) = authorize(tx, actor, id)?;
    if owner_now != owner {
        return Err(AccountRefusal::ChangedMeanwhile.into());
    }
    if tx.accounts().find(owner)?.is_none() {
        return Err(BotRefusal::NotFound.into());
    }
    let next = tx.accounts().find(to)?.ok_or(AccountRefusal::UserNotFound)?;
    let unfit = [(next.owner.is_some(), "must not be a bot"), (next.suspended, "must not be suspended")];
    if let Some((_, detail)) = unfit.into_iter().find(|(is_unfit, _)| *is_unfit) {
        return Err(Violation::new(ViolationCode::OutOfRange, detail).in_field("user_id").into());
    }
    if to != owner {
        require_room(tx, to)?;
    }
    let saved = save_locked(tx, Some(actor.id()), &bot, User { owner: Some(to), ..bot.clone() })?;
    record_edit(tx, AuditEntry::by(actor, AuditAction::UserEdited), &bot, &saved);
    Ok(saved)
}

/// The bot and its owner, if the actor may hand it over.
fn authorize(tx: &mut dyn Tx, actor: &Actor, id: UserId) -> Result<(User, UserId), Error> {
    let (bot, owner) = find(tx, id)?;
    if owner == actor.id() {
        authorize_own_bots(actor)?;
    } else {
        let rights = rights_held(tx, actor)?;
        authorize_change(actor, &rights, CredentialChange::BotOwner)?;
        check_over(tx, &rights, id, ServerPermission::ManageUsers)?;
    }
    Ok((bot, owner))
}

#[cfg(test)]
mod tests;

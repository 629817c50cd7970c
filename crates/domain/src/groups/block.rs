//! Blocking users: they can't write to each other in private any more. A block is its maker's own affair: nobody else
//! is told of it, and to the other it looks as if the account were gone.

use crate::accounts::{AccountRefusal, Actor, Block, BlockQuery, LockStrength, MAX_BLOCKS, lock_in_order};
use crate::error::Error;
use crate::events::{DirectPartner, Event};
use crate::groups::direct_key::DirectKey;
use crate::ids::{GroupId, UserId};
use crate::paging::{Limit, Page};
use crate::storage::Tx;
use crate::validation::{Violation, ViolationCode};

/// Blocks a user. Blocking them again changes nothing: the first time stays. Only the actor's devices are told.
///
/// # Errors
/// `UserNotFound`, `TooManyBlocks` of [`AccountRefusal`], an invalid `user_id` that is the actor's own, or a fault.
pub fn block(tx: &mut dyn Tx, actor: &Actor, user: UserId) -> Result<Block, Error> {
    if user == actor.id() {
        let violation = Violation::new(ViolationCode::OutOfRange, "must not be your own");
        return Err(violation.in_field("user_id").into());
    }
    let conversation = lock_both(tx, actor, user)?;
    let blocked = tx.accounts().find(user)?.ok_or(AccountRefusal::UserNotFound)?;
    if let Some(block) = tx.blocks().find(actor.id(), user)? {
        return Ok(block);
    }
    if tx.blocks().count(actor.id(), MAX_BLOCKS)? >= MAX_BLOCKS {
        return Err(AccountRefusal::TooManyBlocks.into());
    }
    let created_at = tx.now();
    tx.blocks().insert(actor.id(), user, created_at)?;
    tx.emit(Some(actor.id()), Event::BlocksUpdated(actor.id()));
    if let Some(group) = conversation {
        tx.emit(Some(actor.id()), Event::DirectClosed(DirectPartner { group, user }));
    }
    Ok(Block { user: blocked.as_ref(), created_at })
}

/// Ends a block. Where there is none, nothing changes.
///
/// # Errors
/// [`AccountRefusal::UserNotFound`], or a fault.
pub fn unblock(tx: &mut dyn Tx, actor: &Actor, user: UserId) -> Result<(), Error> {
    let conversation = lock_both(tx, actor, user)?;
    tx.accounts().find(user)?.ok_or(AccountRefusal::UserNotFound)?;
    if !tx.blocks().remove(actor.id(), user)? {
        return Ok(());
    }
    tx.emit(Some(actor.id()), Event::BlocksUpdated(actor.id()));
    if let Some(group) = conversation
        && !tx.blocks().any_between(actor.id(), &[user])?
    {
        tx.emit(Some(actor.id()), Event::DirectOpened(DirectPartner { group, user }));
    }
    Ok(())
}

/// A page of the users whom the actor has blocked, by id.
///
/// # Errors
/// A fault.
pub fn list_blocks(
    tx: &mut dyn Tx,
    actor: &Actor,
    after: Option<UserId>,
    limit: Limit,
) -> Result<Page<Block>, Error> {
    let query = BlockQuery { user: actor.id(), after, limit };
    Ok(Page::from_lookahead(tx.blocks().list(&query)?, limit))
}

/// Locks the conversation of the two, so that no message is under way in it that does not know of the change; and the
/// actor, whose blocks are counted, and the other, whose account must not be deleted meanwhile. Returns the
/// conversation, if there is one.
fn lock_both(tx: &mut dyn Tx, actor: &Actor, other: UserId) -> Result<Option<GroupId>, Error> {
    let key = DirectKey::of(actor.id(), &[other]);
    let conversation = tx.groups().find_direct(&key)?;
    if let Some(conversation) = conversation {
        tx.groups().lock(conversation)?;
    }
    let mut locks = [(actor.id(), LockStrength::Exclusive), (other, LockStrength::Shared)];
    lock_in_order(tx, &mut locks)?;
    // Whoever starts a conversation locks its people, too: from here on none begins. One that began just now is locked
    // after the users, against the usual order; should somebody wait the other way round, the storage ends one of the
    // two and runs it again.
    let known = tx.groups().find_direct(&key)?;
    if let Some(begun) = known.filter(|_| conversation.is_none()) {
        tx.groups().lock(begun)?;
    }
    Ok(known)
}

#[cfg(test)]
mod tests;

//! Closing a poll.

use crate::accounts::Actor;
use crate::error::Error;
use crate::events::Event;
use crate::groups::{GroupRefusal, Membership};
use crate::ids::{GroupId, MessageId};
use crate::permissions::GroupPermission;
use crate::polls::load::lock;
use crate::polls::view::PollView;
use crate::storage::Tx;

/// Closes a poll, as its author, or as a member who may delete anybody's messages. Closing it again changes nothing.
///
/// # Errors
/// `NotFound`, `MembersOnly`, `RoleTooLow`, `Archived` of [`GroupRefusal`], `NotFound`, `Deleted` of
/// [`MessageRefusal`](crate::messages::MessageRefusal), [`NoPoll`](crate::polls::PollRefusal::NoPoll), or a fault.
pub fn close(tx: &mut dyn Tx, actor: &Actor, group: GroupId, id: MessageId) -> Result<PollView, Error> {
    let (found, membership) = lock(tx, actor, group, id)?;
    membership.require(GroupPermission::ReadHistory)?;
    authorize(&membership, found.place.author == actor.id())?;
    let mut loaded = found.into_poll()?;
    if loaded.view.poll.closed_at.is_none() {
        loaded.view.poll.close(tx.now());
        loaded.store(tx, Some((Some(actor), Event::PollClosed)))?;
    }
    Ok(loaded.view)
}

/// An author is told what is in the way of changing their own message.
fn authorize(membership: &Membership, is_own: bool) -> Result<(), GroupRefusal> {
    match membership.require(GroupPermission::DeleteAny) {
        Err(_) if is_own => membership.require(GroupPermission::EditOwn),
        decided => decided,
    }
}

#[cfg(test)]
mod tests;

//! Liking messages.

use crate::accounts::Actor;
use crate::error::Error;
use crate::events::Event;
use crate::ids::{GroupId, MessageId};
use crate::messages::edit::load;
use crate::messages::error::MessageRefusal;
use crate::messages::model::MessageView;
use crate::permissions::GroupPermission;
use crate::storage::Tx;

/// Likes a message, as a member who may react. Liking it again changes nothing.
///
/// # Errors
/// `NotFound`, `MembersOnly`, `RoleTooLow`, `Archived` of [`GroupRefusal`](crate::groups::GroupRefusal), `NotFound`,
/// `Deleted` of [`MessageRefusal`], or a fault.
pub fn like(tx: &mut dyn Tx, actor: &Actor, group: GroupId, id: MessageId) -> Result<MessageView, Error> {
    let mut view = load_to_react(tx, actor, group, id)?;
    if view.message.is_deleted() {
        return Err(MessageRefusal::Deleted.into());
    }
    let now = tx.now();
    if tx.messages().add_like(id, actor.id(), now)? {
        count(tx, &mut view, 1)?;
        view.liked = true;
        tx.emit(Some(actor.id()), Event::MessageLiked(view.message.clone()));
    }
    Ok(view)
}

/// Takes the actor's like back. Without one nothing changes; a deleted message has none.
///
/// # Errors
/// `NotFound`, `MembersOnly`, `RoleTooLow`, `Archived` of [`GroupRefusal`](crate::groups::GroupRefusal),
/// [`MessageRefusal::NotFound`], or a fault.
pub fn unlike(tx: &mut dyn Tx, actor: &Actor, group: GroupId, id: MessageId) -> Result<MessageView, Error> {
    let mut view = load_to_react(tx, actor, group, id)?;
    if !view.message.is_deleted() && tx.messages().remove_like(id, actor.id())? {
        count(tx, &mut view, -1)?;
        view.liked = false;
        tx.emit(Some(actor.id()), Event::MessageUnliked(view.message.clone()));
    }
    Ok(view)
}

/// The message, if the actor may read and like messages in its group, which is locked.
fn load_to_react(
    tx: &mut dyn Tx,
    actor: &Actor,
    group: GroupId,
    id: MessageId,
) -> Result<MessageView, Error> {
    let (view, membership) = load(tx, actor, group, id)?;
    membership.require(GroupPermission::ReadHistory)?;
    membership.require(GroupPermission::React)?;
    Ok(view)
}

fn count(tx: &mut dyn Tx, view: &mut MessageView, change: i64) -> Result<(), Error> {
    view.message.likes += change;
    view.message.version = view.message.version.next();
    Ok(tx.messages().update(&view.message)?)
}

#[cfg(test)]
mod tests;

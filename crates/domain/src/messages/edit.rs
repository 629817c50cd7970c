//! Editing and deleting messages.

use crate::accounts::Actor;
use crate::error::Error;
use crate::events::{Event, Tombstone};
use crate::groups::{GroupRefusal, Role, Standing, lock_visible};
use crate::ids::{GroupId, MessageId};
use crate::jobs::Task;
use crate::messages::error::MessageRefusal;
use crate::messages::model::{MessageText, MessageView};
use crate::storage::Tx;

/// Replaces the text of the actor's own message; `None` keeps the one it has.
///
/// # Errors
/// `NotFound`, `MembersOnly` of [`GroupRefusal`], `NotFound`, `NotAuthor`, `Deleted` of [`MessageRefusal`],
/// or a fault.
pub fn edit(
    tx: &mut dyn Tx,
    actor: &Actor,
    group: GroupId,
    id: MessageId,
    text: Option<&MessageText>,
) -> Result<MessageView, Error> {
    let (mut view, _) = load(tx, actor, group, id)?;
    if view.message.author.id != actor.id() {
        return Err(MessageRefusal::NotAuthor.into());
    }
    if view.message.is_deleted() {
        return Err(MessageRefusal::Deleted.into());
    }
    if text.is_none() || view.message.text.as_ref() == text {
        return Ok(view);
    }
    view.message.text = text.cloned();
    view.message.edited_at = Some(tx.now());
    view.message.version = view.message.version.next();
    tx.messages().update(&view.message)?;
    tx.emit(Some(actor.id()), Event::MessageUpdated(view.message.clone()));
    Ok(view)
}

/// Deletes a message, as its author or an admin of the group: a tombstone stays in its place. Deleting it
/// again changes nothing.
///
/// # Errors
/// `NotFound`, `MembersOnly`, `RoleTooLow` of [`GroupRefusal`], [`MessageRefusal::NotFound`], or a fault.
pub fn delete(tx: &mut dyn Tx, actor: &Actor, group: GroupId, id: MessageId) -> Result<(), Error> {
    let (view, standing) = load(tx, actor, group, id)?;
    let message = view.message;
    if message.author.id != actor.id() && standing.role < Role::Admin {
        return Err(GroupRefusal::RoleTooLow.into());
    }
    if message.is_deleted() {
        return Ok(());
    }
    let now = tx.now();
    if message.likes > 0 {
        tx.jobs().enqueue(Task::PurgeLikes(id), now)?;
    }
    let message = message.into_tombstone(now);
    tx.messages().update(&message)?;
    tx.emit(Some(actor.id()), Event::MessageDeleted(Tombstone(message)));
    Ok(())
}

/// The message, its group locked, and the actor's standing there.
pub(super) fn load(
    tx: &mut dyn Tx,
    actor: &Actor,
    group: GroupId,
    id: MessageId,
) -> Result<(MessageView, Standing), Error> {
    let (_, standing) = lock_visible(tx, actor, group)?.into_membership()?;
    let view = tx.messages().find(group, id, actor.id())?.ok_or(MessageRefusal::NotFound)?;
    Ok((view, standing))
}

#[cfg(test)]
mod tests;

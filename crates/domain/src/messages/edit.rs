//! Editing and deleting messages.

use crate::accounts::Actor;
use crate::error::Error;
use crate::events::{Event, Tombstone};
use crate::groups::{GroupRefusal, Membership, lock_visible};
use crate::ids::{GroupId, MessageId};
use crate::jobs::Task;
use crate::messages::error::MessageRefusal;
use crate::messages::model::{MessageText, MessageView};
use crate::messages::read::find_readable;
use crate::messages::reply::uncount_reply;
use crate::permissions::GroupPermission;
use crate::storage::Tx;

/// How many reactions go with a message at once. A job removes the rest.
const ROWS_AT_ONCE: i64 = 400;

/// Replaces the text of the actor's own message; `None` keeps the one it has.
///
/// # Errors
/// `NotFound`, `MembersOnly`, `RoleTooLow`, `Archived` of [`GroupRefusal`](crate::groups::GroupRefusal), `NotFound`,
/// `NotAuthor`, `Deleted` of [`MessageRefusal`], or a fault.
pub fn edit(
    tx: &mut dyn Tx,
    actor: &Actor,
    group: GroupId,
    id: MessageId,
    text: Option<&MessageText>,
) -> Result<MessageView, Error> {
    let (mut view, membership) = load(tx, actor, group, id)?;
    if view.message.author.id != actor.id() {
        return Err(MessageRefusal::NotAuthor.into());
    }
    membership.require(GroupPermission::EditOwn)?;
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

/// Deletes a message, one's own or as somebody who may delete anybody's: a tombstone stays in its place, and the thread
/// under it. Deleting it again changes nothing.
///
/// # Errors
/// `NotFound`, `MembersOnly`, `RoleTooLow`, `Archived` of [`GroupRefusal`](crate::groups::GroupRefusal),
/// [`MessageRefusal::NotFound`], or a fault.
pub fn delete(tx: &mut dyn Tx, actor: &Actor, group: GroupId, id: MessageId) -> Result<(), Error> {
    let (view, membership) = load(tx, actor, group, id)?;
    let message = view.message;
    authorize_deletion(&membership, message.author.id == actor.id())?;
    if message.is_deleted() {
        return Ok(());
    }
    let now = tx.now();
    if !message.reactions.is_empty() && !tx.messages().purge_reactions(id, ROWS_AT_ONCE)? {
        tx.jobs().enqueue(Task::PurgeReactions(id), now)?;
    }
    let message = message.into_tombstone(now);
    tx.messages().update(&message)?;
    let thread = message.thread;
    tx.emit(Some(actor.id()), Event::MessageDeleted(Tombstone(message)));
    match thread {
        Some(thread) => uncount_reply(tx, actor.id(), thread.root),
        None => Ok(()),
    }
}

/// Rejects whoever may delete neither this message as their own nor anybody's. An author is told what is in the way of
/// deleting their own message.
fn authorize_deletion(membership: &Membership, is_own: bool) -> Result<(), GroupRefusal> {
    let any = membership.require(GroupPermission::DeleteAny);
    if any.is_ok() || !is_own { any } else { membership.require(GroupPermission::DeleteOwn) }
}

/// The message, if the actor may read it, its group locked, and the actor's membership there.
pub(super) fn load(
    tx: &mut dyn Tx,
    actor: &Actor,
    group: GroupId,
    id: MessageId,
) -> Result<(MessageView, Membership), Error> {
    let membership = lock_visible(tx, actor, group)?.into_membership()?;
    let view = find_readable(tx, actor, &membership, id)?;
    Ok((view, membership))
}

#[cfg(test)]
mod tests;

//! Reactions to messages. A like is one of them.

use crate::accounts::Actor;
use crate::error::Error;
use crate::events::{Event, MessageReaction};
use crate::groups::visible;
use crate::ids::{GroupId, MessageId, UserId};
use crate::messages::edit::load;
use crate::messages::emoji::Emoji;
use crate::messages::error::MessageRefusal;
use crate::messages::model::{MessageView, Reactor};
use crate::messages::read::find_readable;
use crate::messages::repository::ReactionQuery;
use crate::paging::{Limit, Page};
use crate::permissions::GroupPermission;
use crate::storage::Tx;

/// Reacts to a message, as a member who may react. The same reaction again changes nothing.
///
/// # Errors
/// `NotFound`, `MembersOnly`, `RoleTooLow`, `Archived` of [`GroupRefusal`](crate::groups::GroupRefusal), `NotFound`,
/// `Deleted`, `TooManyReactions` of [`MessageRefusal`], or a fault.
pub fn react(
    tx: &mut dyn Tx,
    actor: &Actor,
    group: GroupId,
    id: MessageId,
    emoji: Emoji,
) -> Result<MessageView, Error> {
    let mut view = load_to_react(tx, actor, group, id)?;
    if view.message.is_deleted() {
        return Err(MessageRefusal::Deleted.into());
    }
    if !view.message.reactions.has_room_for(emoji) {
        return Err(MessageRefusal::TooManyReactions.into());
    }
    let now = tx.now();
    if tx.messages().add_reaction(id, actor.id(), emoji, now)? {
        view.message.reactions.add(emoji);
        store(tx, actor, &mut view, emoji, true)?;
    }
    Ok(view)
}

/// Takes a reaction of the actor back. Without one nothing changes; a deleted message has none.
///
/// # Errors
/// `NotFound`, `MembersOnly`, `RoleTooLow`, `Archived` of [`GroupRefusal`](crate::groups::GroupRefusal),
/// [`MessageRefusal::NotFound`], or a fault.
pub fn unreact(
    tx: &mut dyn Tx,
    actor: &Actor,
    group: GroupId,
    id: MessageId,
    emoji: Emoji,
) -> Result<MessageView, Error> {
    let mut view = load_to_react(tx, actor, group, id)?;
    if !view.message.is_deleted() && tx.messages().remove_reaction(id, actor.id(), emoji)? {
        view.message.reactions.remove(emoji);
        store(tx, actor, &mut view, emoji, false)?;
    }
    Ok(view)
}

/// [`react`] with a like.
///
/// # Errors
/// As `react`.
pub fn like(tx: &mut dyn Tx, actor: &Actor, group: GroupId, id: MessageId) -> Result<MessageView, Error> {
    react(tx, actor, group, id, Emoji::LIKE)
}

/// [`unreact`] with a like.
///
/// # Errors
/// As `unreact`.
pub fn unlike(tx: &mut dyn Tx, actor: &Actor, group: GroupId, id: MessageId) -> Result<MessageView, Error> {
    unreact(tx, actor, group, id, Emoji::LIKE)
}

/// Reads a page of those who have given a reaction to a message, in the order of their ids: those after the given user, or
/// the first. A deleted message has none.
///
/// # Errors
/// `NotFound`, `MembersOnly`, `RoleTooLow` of [`GroupRefusal`](crate::groups::GroupRefusal),
/// [`MessageRefusal::NotFound`], or a fault.
pub fn list_reactors(
    tx: &mut dyn Tx,
    actor: &Actor,
    (group, message, emoji): (GroupId, MessageId, Emoji),
    after: Option<UserId>,
    limit: Limit,
) -> Result<Page<Reactor>, Error> {
    let membership = visible(tx, actor, group)?.into_membership_with(GroupPermission::ReadHistory)?;
    if find_readable(tx, actor, &membership, message)?.message.is_deleted() {
        return Ok(Page { items: Vec::new(), more: false });
    }
    let query = ReactionQuery { message, emoji, after, limit };
    Ok(Page::from_lookahead(tx.messages().list_reactors(&query)?, limit))
}

/// The message, if the actor may read and react in its group, which is locked.
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

/// Stores the counts with the actor's reaction given or taken back, and tells of it.
fn store(
    tx: &mut dyn Tx,
    actor: &Actor,
    view: &mut MessageView,
    emoji: Emoji,
    is_given: bool,
) -> Result<(), Error> {
    view.set_own_reaction(emoji, is_given);
    view.message.version = view.message.version.next();
    tx.messages().update(&view.message)?;
    let message = view.message.clone();
    let event = match (emoji, is_given) {
        (Emoji::LIKE, true) => Event::MessageLiked(message),
        (Emoji::LIKE, false) => Event::MessageUnliked(message),
        (emoji, true) => Event::MessageReacted(MessageReaction { message, emoji }),
        (emoji, false) => Event::MessageUnreacted(MessageReaction { message, emoji }),
    };
    tx.emit(Some(actor.id()), event);
    Ok(())
}

#[cfg(test)]
mod tests;

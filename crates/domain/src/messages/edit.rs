//! Editing and deleting messages.

use crate::accounts::Actor;
use crate::error::Error;
use crate::events::{Event, Tombstone};
use crate::groups::{GroupRefusal, Membership, lock_visible};
use crate::ids::{GroupId, MessageId};
use crate::jobs::Task;
use crate::messages::earlier_text::{EarlierText, MAX_EARLIER_TEXTS};
use crate::messages::error::MessageRefusal;
use crate::messages::mentions::{self, Writing};
use crate::messages::model::{Attachments, Message, MessageText, MessageView};
use crate::messages::read::find_readable;
use crate::messages::reply::uncount_reply;
use crate::messages::terms::ChangeTerms;
use crate::permissions::GroupPermission;
use crate::polls::PollRefusal;
use crate::storage::Tx;
use crate::time::Timestamp;

/// How many reactions go with a message at once. A job removes the rest.
const ROWS_AT_ONCE: i64 = 400;

/// Replaces the text of the actor's own message, and keeps the one that it had; `None` leaves it as it is. The text that
/// it has already is no edit, so that repeating one is harmless whatever the terms are: also one with names for which ids
/// are stored, and whomever the text would mention now.
///
/// # Errors
/// `NotFound`, `MembersOnly`, `RoleTooLow`, `Archived` of [`GroupRefusal`](crate::groups::GroupRefusal), `NotFound`,
/// `NotAuthor`, `TooLate`, `Deleted`, `VersionConflict`, `TooManyMentions` of [`MessageRefusal`], [`PollRefusal::HasVotes`], an
/// invalid text that is too
/// long with its mentions, or a fault.
pub fn edit(
    tx: &mut dyn Tx,
    actor: &Actor,
    group: GroupId,
    id: MessageId,
    text: Option<&MessageText>,
    terms: ChangeTerms,
) -> Result<MessageView, Error> {
    let (mut view, membership) = load(tx, actor, group, id)?;
    if view.message.author.id != actor.id() {
        return Err(MessageRefusal::NotAuthor.into());
    }
    membership.require(GroupPermission::EditOwn)?;
    let before = &view.message;
    if before.is_deleted() {
        terms.require_in_time(before, tx.now())?;
        return Err(MessageRefusal::Deleted.into());
    }
    let Some(text) = text.filter(|text| before.text.as_ref() != Some(text)) else { return Ok(view) };
    let writing = Writing { history_seq: before.history_seq(), before: Some(before), online: &[] };
    let mentioned = mentions::resolve(tx, actor, &membership, text, &writing)?;
    view.unreachable.clone_from(&mentioned.unreachable);
    // With ids in the place of names it may be the text that the message has.
    if view.message.text.as_ref() == Some(&mentioned.text) {
        return Ok(view);
    }
    terms.require_in_time(&view.message, tx.now())?;
    terms.require_version(&view.message)?;
    if view.message.poll.as_ref().is_some_and(|poll| poll.was_voted_on()) {
        return Err(PollRefusal::HasVotes.into());
    }
    if let Some(earlier) = EarlierText::of(&view.message) {
        tx.edits().add(id, &earlier, MAX_EARLIER_TEXTS)?;
    }
    let changed = mentions::replace(tx, &mut view.message, &mentioned)?;
    view.message.text = Some(mentioned.text);
    view.message.edited_at = Some(tx.now());
    view.message.version = view.message.version.next();
    tx.messages().update(&view.message)?;
    tx.emit(Some(actor.id()), Event::MessageUpdated(view.message.clone()));
    mentions::tell_changed(tx, actor, &view.message, &changed)?;
    Ok(view)
}

/// Deletes a message, one's own or as somebody who may delete anybody's: a tombstone stays in its place, and the thread
/// under it. Deleting it again changes nothing. The terms on time are for those who may delete only their own.
///
/// # Errors
/// `NotFound`, `MembersOnly`, `RoleTooLow`, `Archived` of [`GroupRefusal`](crate::groups::GroupRefusal), `NotFound`,
/// `TooLate`, `VersionConflict` of [`MessageRefusal`], or a fault.
pub fn delete(
    tx: &mut dyn Tx,
    actor: &Actor,
    group: GroupId,
    id: MessageId,
    terms: ChangeTerms,
) -> Result<(), Error> {
    let (view, membership) = load(tx, actor, group, id)?;
    let mut message = view.message;
    let right = authorize_deletion(&membership, message.author.id == actor.id())?;
    if message.is_deleted() {
        return Ok(());
    }
    let now = tx.now();
    if right == GroupPermission::DeleteOwn {
        terms.require_in_time(&message, now)?;
    }
    terms.require_version(&message)?;
    let untold = mentions::remove(tx, &mut message)?;
    remove_belongings(tx, &message, now)?;
    let message = message.into_tombstone(now);
    tx.messages().update(&message)?;
    let thread = message.thread;
    tx.emit(Some(actor.id()), Event::MessageDeleted(Tombstone(message.clone())));
    mentions::tell_removed(tx, actor, &message, &untold);
    match thread {
        Some(thread) => uncount_reply(tx, actor.id(), thread.root),
        None => Ok(()),
    }
}

/// Removes for good what is stored beside a message that is deleted: about 500 rows at once, and by a job what is more.
/// What shows in its own row goes with [`into_tombstone`](Message::into_tombstone).
fn remove_belongings(tx: &mut dyn Tx, message: &Message, now: Timestamp) -> Result<(), Error> {
    let id = message.id;
    if message.edited_at.is_some() {
        tx.edits().remove(id)?;
    }
    if !message.reactions.is_empty() && !tx.messages().purge_reactions(id, ROWS_AT_ONCE)? {
        tx.jobs().enqueue(Task::PurgeReactions(id), now)?;
    }
    let mut gone = Attachments::default();
    if message.quotes() {
        tx.quotes().remove(id)?;
        gone = Attachments::QUOTE.with(Attachments::FORWARD);
    }
    if message.attachments.contain(Attachments::POLL) {
        tx.polls().remove(id)?;
        if !tx.polls().purge_ballots(id, ROWS_AT_ONCE)? {
            tx.jobs().enqueue(Task::PurgeBallots(id), now)?;
        }
        gone = gone.with(Attachments::POLL);
    }
    if !gone.is_empty() {
        tx.messages().attach(id, message.attachments.without(gone))?;
    }
    Ok(())
}

/// The right by which the actor deletes a message. Rejects whoever may delete neither this message as their own nor
/// anybody's. An author is told what is in the way of deleting their own message.
fn authorize_deletion(membership: &Membership, is_own: bool) -> Result<GroupPermission, GroupRefusal> {
    match membership.require(GroupPermission::DeleteAny) {
        Ok(()) => Ok(GroupPermission::DeleteAny),
        Err(_) if is_own => {
            membership.require(GroupPermission::DeleteOwn).map(|()| GroupPermission::DeleteOwn)
        }
        Err(refusal) => Err(refusal),
    }
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

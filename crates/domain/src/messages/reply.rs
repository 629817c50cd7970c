//! What a reply, and its deletion, change of the thread.

use crate::accounts::UserRef;
use crate::error::Error;
use crate::events::{Event, OwnThread, ThreadUpdate};
use crate::groups::Group;
use crate::ids::{MessageId, UserId};
use crate::messages::error::MessageRefusal;
use crate::messages::model::{Attachments, InThread, Message, MessageView};
use crate::messages::thread::{MAX_FOLLOWED, MAX_PARTICIPANTS, Participation, Thread};
use crate::storage::Tx;

/// A message that can be the root of a thread: a reply can't.
///
/// # Errors
/// [`MessageRefusal::NotRoot`].
pub(super) fn as_root(view: MessageView) -> Result<MessageView, MessageRefusal> {
    if view.message.thread.is_some() { Err(MessageRefusal::NotRoot) } else { Ok(view) }
}

/// A message that can be replied to: one that is deleted only as long as there are replies to it.
///
/// # Errors
/// [`MessageRefusal::NotRoot`], [`MessageRefusal::Deleted`].
pub(super) fn as_open_root(view: MessageView) -> Result<MessageView, MessageRefusal> {
    let view = as_root(view)?;
    let has_replies = view.thread.as_ref().is_some_and(|view| view.thread.reply_count > 0);
    if view.message.is_deleted() && !has_replies { Err(MessageRefusal::Deleted) } else { Ok(view) }
}

/// The thread under this message.
pub(super) const fn thread_under(root: &Message) -> InThread {
    InThread { root: root.id, root_seq: root.seq }
}

/// Counts a reply that was stored, and makes its author and, with the first, that of the root follow the thread.
///
/// # Errors
/// A fault.
pub(super) fn count_reply(
    tx: &mut dyn Tx,
    group: &Group,
    root: &MessageView,
    reply: &Message,
) -> Result<(), Error> {
    let before = root.thread.as_ref();
    let mut participants = before.map_or_else(Vec::new, |view| view.thread.participants.clone());
    let place = take_place(&mut participants, &reply.author);
    let thread = Thread {
        root: root.message.id,
        root_seq: root.message.seq,
        group: root.message.group_id,
        reply_count: before.map_or(0, |view| view.thread.reply_count) + 1,
        last_seq: reply.seq,
        last_reply: reply.id,
        last_reply_at: reply.created_at,
        participants,
    };
    tx.threads().put(&thread)?;
    let author = reply.author.id;
    let participation = Participation { read_seq: reply.seq, reply: reply.id, place };
    tx.threads().participate(thread.root, author, &participation)?;
    if before.is_none() {
        tx.messages().attach(thread.root, root.message.attachments.with(Attachments::THREAD))?;
    }
    tx.emit(Some(author), Event::ThreadUpdated(ThreadUpdate(thread.clone())));
    if before.is_none_or(|view| !view.standing.following) {
        note_following(tx, author, &thread, author, Some(thread.root))?;
    }
    let first = root.message.author.id;
    if before.is_none() && first != author && has_in_history(tx, group, first, &root.message)? {
        // They haven't looked at it: others can't make them lose a thread that they have.
        tx.threads().follow(thread.root, first, true, UNSEEN)?;
        note_following(tx, author, &thread, first, None)?;
    }
    Ok(())
}

/// The reply that somebody has seen of a thread that they haven't looked at: older than all.
const UNSEEN: MessageId = MessageId::new(0);

/// Whether a user is in the group, and the message is not from before they came in where that matters.
fn has_in_history(tx: &mut dyn Tx, group: &Group, user: UserId, message: &Message) -> Result<bool, Error> {
    let member = tx.members().find(group.id, user)?;
    Ok(member.is_some_and(|member| message.seq > group.history.readable_after(member.joined_seq)))
}

/// Tells the devices of a user who has begun to follow a thread, and ends what is too much of it: others than `but`, the
/// one that they have just looked at.
///
/// # Errors
/// A fault.
pub(super) fn note_following(
    tx: &mut dyn Tx,
    actor: UserId,
    thread: &Thread,
    user: UserId,
    but: Option<MessageId>,
) -> Result<(), Error> {
    tx.emit(Some(actor), Event::ThreadFollowed(OwnThread::of(thread, user)));
    let keep = if but.is_some() { MAX_FOLLOWED - 1 } else { MAX_FOLLOWED };
    let ended = tx.threads().unfollow_oldest(user, but, keep)?;
    if ended.is_empty() {
        return Ok(());
    }
    for thread in tx.threads().find_many(&ended)? {
        tx.emit(Some(actor), Event::ThreadUnfollowed(OwnThread::of(&thread, user)));
    }
    Ok(())
}

/// Makes users follow a thread who are mentioned in it. Those who follow it already have nothing to be told.
///
/// # Errors
/// A fault.
pub(super) fn follow_mentioned(
    tx: &mut dyn Tx,
    actor: UserId,
    root: MessageId,
    users: &[UserId],
) -> Result<(), Error> {
    let followers = tx.threads().follow_all(root, users, UNSEEN)?;
    if followers.is_empty() {
        return Ok(());
    }
    for thread in tx.threads().find_many(&[root])? {
        for user in &followers {
            note_following(tx, actor, &thread, *user, None)?;
        }
    }
    Ok(())
}

/// Counts a reply no longer that was deleted. Its number stays taken.
///
/// # Errors
/// A fault.
pub(super) fn uncount_reply(tx: &mut dyn Tx, actor: UserId, root: MessageId) -> Result<(), Error> {
    for mut thread in tx.threads().find_many(&[root])? {
        thread.reply_count -= 1;
        tx.threads().put(&thread)?;
        tx.emit(Some(actor), Event::ThreadUpdated(ThreadUpdate(thread)));
    }
    Ok(())
}

/// Gives a new participant the next place, if one is left; the place.
fn take_place(participants: &mut Vec<UserRef>, author: &UserRef) -> Option<i64> {
    let is_there = participants.iter().any(|participant| participant.id == author.id);
    if is_there || participants.len() >= MAX_PARTICIPANTS {
        return None;
    }
    participants.push(author.clone());
    i64::try_from(participants.len()).ok()
}

#[cfg(test)]
mod tests;

//! Following threads, and reading them.

use crate::accounts::Actor;
use crate::error::Error;
use crate::events::{EphemeralAudience, EphemeralEvent, Event, LiveEvents, OwnThread};
use crate::groups::{Membership, lock_visible, visible};
use crate::ids::{GroupId, MessageId, Seq};
use crate::messages::error::MessageRefusal;
use crate::messages::read::{ReadState, find_readable};
use crate::messages::reply::{as_root, note_following};
use crate::messages::thread::{ThreadStanding, ThreadView};
use crate::permissions::GroupPermission;
use crate::storage::{Principal, Storage, Tx, WritePurpose, Writing};
use crate::validation::{Violation, ViolationCode};

/// Follows the thread under a message, as a member who may read it. Following it again changes nothing. Of more than
/// [`MAX_FOLLOWED`](crate::messages::MAX_FOLLOWED) threads, the one that was looked at least recently is no longer followed.
///
/// # Errors
/// `NotFound`, `MembersOnly`, `RoleTooLow` of [`GroupRefusal`](crate::groups::GroupRefusal), `NotFound`, `NotRoot`,
/// `NoThread` of [`MessageRefusal`], or a fault.
pub fn follow(tx: &mut dyn Tx, actor: &Actor, group: GroupId, root: MessageId) -> Result<ThreadView, Error> {
    let membership = lock_visible(tx, actor, group)?.into_membership_with(GroupPermission::ReadHistory)?;
    let mut view = find_thread(tx, actor, &membership, root)?.ok_or(MessageRefusal::NoThread)?;
    let thread = &view.thread;
    if tx.threads().follow(thread.root, actor.id(), true, thread.last_reply)? {
        note_following(tx, actor.id(), thread, actor.id(), Some(root))?;
    }
    view.standing.following = true;
    Ok(view)
}

/// Follows the thread under a message no longer, as a member who may read it. Where it is not followed, nothing
/// changes.
///
/// # Errors
/// `NotFound`, `MembersOnly`, `RoleTooLow` of [`GroupRefusal`](crate::groups::GroupRefusal), `NotFound`, `NotRoot` of
/// [`MessageRefusal`], or a fault.
pub fn unfollow(tx: &mut dyn Tx, actor: &Actor, group: GroupId, root: MessageId) -> Result<(), Error> {
    let membership = lock_visible(tx, actor, group)?.into_membership_with(GroupPermission::View)?;
    let found = find_thread(tx, actor, &membership, root)?;
    let Some(ThreadView { thread, standing }) = found else { return Ok(()) };
    if standing.following && tx.threads().follow(thread.root, actor.id(), false, thread.last_reply)? {
        tx.emit(Some(actor.id()), Event::ThreadUnfollowed(OwnThread::of(&thread, actor.id())));
    }
    Ok(())
}

/// Moves the actor's read cursor of a thread up to `seq`; it never moves back. Whatever was deleted of the thread, its
/// last number can be read.
///
/// # Errors
/// As [`follow`], or an invalid `seq` above the thread's last.
pub fn mark_thread_read(
    tx: &mut dyn Tx,
    actor: &Actor,
    group: GroupId,
    root: MessageId,
    seq: Seq,
) -> Result<ReadState, Error> {
    let membership = visible(tx, actor, group)?.into_membership_with(GroupPermission::View)?;
    let view = find_thread(tx, actor, &membership, root)?.ok_or(MessageRefusal::NoThread)?;
    let ThreadView { thread, standing: ThreadStanding { read_seq, following, .. } } = view;
    if seq > thread.last_seq {
        let detail = format!("must be at most the thread's last seq, {}, is {seq}", thread.last_seq);
        return Err(Violation::new(ViolationCode::OutOfRange, detail).in_field("seq").into());
    }
    // A first row of the actor must not come while the group and its threads are being deleted.
    if read_seq == Seq::ZERO && !following {
        lock_visible(tx, actor, group)?;
    }
    let moved =
        seq > read_seq && tx.threads().advance_read_seq(thread.root, actor.id(), seq, thread.last_reply)?;
    let read_seq = read_seq.max(seq);
    Ok(ReadState { read_seq, unread: thread.last_seq.get() - read_seq.get(), moved })
}

/// [`mark_thread_read`] on its own, and tells the user's devices where it moved the cursor. Only once that is stored.
///
/// # Errors
/// As `mark_thread_read`.
pub async fn mark_thread_read_and_publish(
    storage: &dyn Storage,
    live: &dyn LiveEvents,
    who: impl Into<Principal>,
    (group, root): (GroupId, MessageId),
    seq: Seq,
) -> Result<ReadState, Error> {
    let marked = storage.write_as(Writing::new(who, WritePurpose::Tidy), move |tx, actor| {
        let state = mark_thread_read(tx, actor, group, root, seq)?;
        Ok((state, EphemeralAudience::OwnDevices(actor.id())))
    });
    let (state, own_devices) = marked.await?;
    if state.moved {
        let ReadState { read_seq, unread, .. } = state;
        let thread = Some(root);
        live.publish_ephemeral(own_devices, EphemeralEvent::ReadUpdated { group, thread, read_seq, unread });
    }
    Ok(state)
}

/// The thread under a message that is in the member's history; `None` where nobody has replied to it.
fn find_thread(
    tx: &mut dyn Tx,
    actor: &Actor,
    membership: &Membership,
    root: MessageId,
) -> Result<Option<ThreadView>, Error> {
    let view = find_readable(tx, actor, membership, root)?;
    Ok(as_root(view)?.thread)
}

#[cfg(test)]
mod tests;

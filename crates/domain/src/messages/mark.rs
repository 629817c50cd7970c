//! Marking messages as read and as unread: what moves a read cursor, but for one's own messages.

use crate::accounts::Actor;
use crate::error::Error;
use crate::events::{EphemeralAudience, EphemeralEvent, LiveEvents, ReadUpdate};
use crate::groups::{Membership, lock_visible, visible};
use crate::ids::{GroupId, MessageId, Seq};
use crate::messages::error::MessageRefusal;
use crate::messages::follow::find_thread;
use crate::messages::read::find_root;
use crate::messages::read_state::{Marked, ReadMark};
use crate::permissions::GroupPermission;
use crate::storage::{Principal, Storage, Tx, WritePurpose, Writing};

/// Moves the actor's read cursor of a group.
///
/// # Errors
/// `NotFound`, `MembersOnly`, `RoleTooLow` of [`GroupRefusal`](crate::groups::GroupRefusal), an invalid `seq` of no
/// message that the actor may read, or a fault.
pub fn mark_read(tx: &mut dyn Tx, actor: &Actor, group: GroupId, mark: ReadMark) -> Result<Marked, Error> {
    let membership = visible(tx, actor, group)?.into_membership_with(GroupPermission::View)?;
    let (after, Membership { group, standing }) = (membership.readable_after(), membership);
    mark.check("group's", after, group.last_seq)?;
    let unmoved = group.read_state(&standing);
    let marked = match (mark, mark.target(standing.read_seq)) {
        (ReadMark::Read(_), Some(target)) => tx.read_cursors().advance(group.id, actor.id(), target)?,
        (ReadMark::UnreadFrom(_), Some(target)) => tx.read_cursors().put(group.id, actor.id(), target)?,
        (_, None) => {
            let state = tx.read_cursors().find(group.id, actor.id())?;
            state.map(|state| Marked { state, moved: false })
        }
    };
    let Marked { state, moved } = marked.unwrap_or(Marked { state: unmoved, moved: false });
    let reads = group.lets_read_some(&standing.role);
    Ok(Marked { state: if reads { state } else { state.mentioning(0) }, moved })
}

/// [`mark_read`] on its own, and tells the user's devices where it moved the cursor. Only once that is stored.
///
/// # Errors
/// As `mark_read`.
pub async fn mark_read_and_publish(
    storage: &dyn Storage,
    live: &dyn LiveEvents,
    who: impl Into<Principal>,
    group: GroupId,
    mark: ReadMark,
) -> Result<Marked, Error> {
    let marked = storage.write_as(Writing::new(who, WritePurpose::Tidy).in_groups(), move |tx, actor| {
        Ok((mark_read(tx, actor, group, mark)?, EphemeralAudience::OwnDevices(actor.id())))
    });
    Ok(publish(live, group, None, marked.await?))
}

/// Moves the actor's read cursor of a thread. Whatever was deleted of the thread, its last number can be read.
///
/// # Errors
/// As [`follow`](super::follow()), or an invalid `seq` of no reply.
pub fn mark_thread_read(
    tx: &mut dyn Tx,
    actor: &Actor,
    group: GroupId,
    root: MessageId,
    mark: ReadMark,
) -> Result<Marked, Error> {
    let membership = visible(tx, actor, group)?.into_membership_with(GroupPermission::View)?;
    let view = find_thread(tx, actor, &membership, root)?.ok_or(MessageRefusal::NoThread)?;
    let (thread, standing) = (&view.thread, view.standing);
    mark.check("thread's", Seq::ZERO, thread.last_seq)?;
    let unmoved = Marked { state: view.read_state(), moved: false };
    let Some(target) = mark.target(standing.read_seq) else { return Ok(unmoved) };
    // A first row of the actor must not come while the group and its threads are being deleted, or for a thread that was
    // removed meanwhile.
    if standing.read_seq == Seq::ZERO && !standing.following {
        let membership = lock_visible(tx, actor, group)?.into_membership_with(GroupPermission::View)?;
        find_root(tx, actor, &membership, root)?;
    }
    let (root, seen) = (thread.root, thread.last_reply);
    let marked = match mark {
        ReadMark::Read(_) => tx.threads().advance_read_seq(root, actor.id(), target, seen)?,
        ReadMark::UnreadFrom(_) => tx.threads().put_read_seq(root, actor.id(), target, seen)?,
    };
    Ok(marked.unwrap_or(unmoved))
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
    mark: ReadMark,
) -> Result<Marked, Error> {
    let marked = storage.write_as(Writing::new(who, WritePurpose::Tidy).in_groups(), move |tx, actor| {
        let marked = mark_thread_read(tx, actor, group, root, mark)?;
        Ok((marked, EphemeralAudience::OwnDevices(actor.id())))
    });
    Ok(publish(live, group, Some(root), marked.await?))
}

fn publish(
    live: &dyn LiveEvents,
    group: GroupId,
    thread: Option<MessageId>,
    (marked, own_devices): (Marked, EphemeralAudience),
) -> Marked {
    if marked.moved {
        let update = ReadUpdate { group, thread, state: marked.state };
        live.publish_ephemeral(own_devices, EphemeralEvent::ReadUpdated(update));
    }
    marked
}

#[cfg(test)]
mod tests;

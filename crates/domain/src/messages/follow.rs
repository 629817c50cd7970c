//! Following threads.

use crate::accounts::Actor;
use crate::error::Error;
use crate::events::{Event, OwnThread};
use crate::groups::{Membership, lock_visible};
use crate::ids::{GroupId, MessageId};
use crate::messages::error::MessageRefusal;
use crate::messages::read::find_readable;
use crate::messages::reply::{as_root, note_following};
use crate::messages::thread::ThreadView;
use crate::permissions::GroupPermission;
use crate::storage::Tx;

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
    let Some(ThreadView { thread, standing, .. }) = found else { return Ok(()) };
    if standing.following && tx.threads().follow(thread.root, actor.id(), false, thread.last_reply)? {
        tx.emit(Some(actor.id()), Event::ThreadUnfollowed(OwnThread::of(&thread, actor.id())));
    }
    Ok(())
}

/// The thread under a message that is in the member's history; `None` where nobody has replied to it.
pub(super) fn find_thread(
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

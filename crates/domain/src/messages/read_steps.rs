//! The steps in which everything is marked as read: groups, and threads that the reader follows.

use crate::accounts::Actor;
use crate::error::Error;
use crate::events::ReadUpdate;
use crate::ids::{GroupId, MessageId};
use crate::messages::readable::Readable;
use crate::messages::thread_repository::FollowedQuery;
use crate::permissions::GroupPermission;
use crate::storage::Tx;

/// How many cursors a step moves, and an event tells of.
pub const READ_AT_ONCE: usize = 200;

/// What a step has moved, and from where the next one goes on; `None` after the last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadStep<P> {
    /// The cursors that moved.
    pub moved: Vec<ReadUpdate>,
    /// The place of the last one that was looked at.
    pub next: Option<P>,
}

/// Moves the actor's read cursors of up to [`READ_AT_ONCE`] groups with higher ids than `after` to their last messages. A group
/// whose role doesn't let the actor view it stays as it is.
///
/// # Errors
/// A fault.
pub fn read_groups(tx: &mut dyn Tx, actor: &Actor, after: GroupId) -> Result<ReadStep<GroupId>, Error> {
    let unread = tx.read_cursors().unread_groups(actor.id(), after, limit())?;
    if unread.is_empty() {
        return Ok(ReadStep { moved: Vec::new(), next: None });
    }
    let found = tx.groups().find_visible_many(&unread, actor.id())?;
    let memberships =
        found.into_iter().filter_map(|group| group.into_membership_with(GroupPermission::View).ok());
    let mut readable = Readable::default();
    let viewed: Vec<_> = memberships.map(|membership| readable.add(&membership)).collect();
    let mut moved =
        if viewed.is_empty() { Vec::new() } else { tx.read_cursors().advance_to_end(actor.id(), &viewed)? };
    moved.iter_mut().for_each(|cursor| readable.hide_mentions(cursor));
    let next = unread.last().copied().filter(|_| unread.len() == READ_AT_ONCE);
    Ok(ReadStep { moved: moved.into_iter().map(ReadUpdate::from).collect(), next })
}

/// Moves the actor's read cursors of up to [`READ_AT_ONCE`] threads to their last replies: of those that the actor follows and may
/// read now, with a newest reply before this one.
///
/// # Errors
/// A fault.
pub fn read_threads(
    tx: &mut dyn Tx,
    actor: &Actor,
    before: Option<MessageId>,
) -> Result<ReadStep<MessageId>, Error> {
    let followed = tx.threads().followed(&FollowedQuery { user: actor.id(), unread: true, before })?;
    let readable = Readable::load(tx, actor, followed.iter().map(|thread| thread.group))?;
    let shown = followed.iter().filter(|thread| readable.contains(thread.group, thread.root_seq));
    let step: Vec<_> = shown.take(READ_AT_ONCE).collect();
    let next = step.last().map(|thread| thread.last_reply).filter(|_| step.len() == READ_AT_ONCE);
    let roots: Vec<_> = step.iter().map(|thread| thread.root).collect();
    if roots.is_empty() {
        return Ok(ReadStep { moved: Vec::new(), next: None });
    }
    let moved = tx.threads().advance_to_end(actor.id(), &roots)?;
    Ok(ReadStep { moved: moved.into_iter().map(ReadUpdate::from).collect(), next })
}

pub(super) fn limit() -> i64 {
    i64::try_from(READ_AT_ONCE).unwrap_or(i64::MAX)
}

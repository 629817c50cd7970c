//! Keeping what is typed and not sent, on all devices of the user.

use crate::accounts::{Actor, LockStrength};
use crate::error::Error;
use crate::events::{DraftUpdate, Event};
use crate::groups::{Membership, lock_visible, visible};
use crate::ids::{GroupId, MessageId, Version};
use crate::messages::find_root;
use crate::permissions::GroupPermission;
use crate::saved::draft::{Draft, DraftPlace, DraftText, MAX_DRAFTS};
use crate::saved::error::SavedRefusal;
use crate::storage::Tx;

/// Keeps a draft of the actor for a group, as a member who may read there, or for a thread whose root the actor may read.
/// With `if_version`, only in the place of the draft that has this version. The text that it has already changes nothing.
/// Only the actor's devices are told.
///
/// # Errors
/// `NotFound`, `MembersOnly`, `RoleTooLow` of [`GroupRefusal`](crate::groups::GroupRefusal), for a thread `NotFound`,
/// `NotRoot` of [`MessageRefusal`](crate::messages::MessageRefusal), `DraftNotFound`, `DraftConflict`, `TooManyDrafts` of
/// [`SavedRefusal`], or a fault.
pub fn put_draft(
    tx: &mut dyn Tx,
    actor: &Actor,
    (group, thread): (GroupId, Option<MessageId>),
    text: &DraftText,
    if_version: Option<Version>,
) -> Result<Draft, Error> {
    let place = lock_place(tx, actor, group, thread)?;
    let before = tx.drafts().find(&place)?;
    match (&before, if_version) {
        (Some(before), _) if before.text == *text => return Ok(before.clone()),
        (Some(before), seen) => require_version(before, seen)?,
        (None, Some(_)) => return Err(SavedRefusal::DraftNotFound.into()),
        (None, None) if tx.drafts().count(actor.id())? >= MAX_DRAFTS => {
            return Err(SavedRefusal::TooManyDrafts.into());
        }
        (None, None) => {}
    }
    let now = tx.now();
    // So that who has seen the one that was removed is not taken for who has seen this one.
    let first = Version::new(now.as_micros().max(1));
    let version = before.map_or(first, |before| before.version.next());
    let draft = Draft { place, text: text.clone(), version, updated_at: now };
    tx.drafts().put(&draft)?;
    tx.emit(Some(actor.id()), Event::DraftUpdated(DraftUpdate { place, draft: Some(draft.clone()) }));
    Ok(draft)
}

/// The actor's draft for a group, or for a thread.
///
/// # Errors
/// `NotFound`, `MembersOnly`, `RoleTooLow` of [`GroupRefusal`](crate::groups::GroupRefusal), for a thread `NotFound`,
/// `NotRoot` of [`MessageRefusal`](crate::messages::MessageRefusal), [`SavedRefusal::DraftNotFound`], or a fault.
pub fn find_draft(
    tx: &mut dyn Tx,
    actor: &Actor,
    (group, thread): (GroupId, Option<MessageId>),
) -> Result<Draft, Error> {
    let membership = visible(tx, actor, group)?.into_membership_with(GroupPermission::ReadHistory)?;
    let place = place_in(tx, actor, &membership, thread)?;
    Ok(tx.drafts().find(&place)?.ok_or(SavedRefusal::DraftNotFound)?)
}

/// Removes the actor's draft for a group, or for a thread, also for one whose root can't be read any more. With
/// `if_version`, only the draft that has this version. Where there is none, nothing changes.
///
/// # Errors
/// `NotFound`, `MembersOnly` of [`GroupRefusal`](crate::groups::GroupRefusal), [`SavedRefusal::DraftConflict`], or a fault.
pub fn remove_draft(
    tx: &mut dyn Tx,
    actor: &Actor,
    (group, thread): (GroupId, Option<MessageId>),
    if_version: Option<Version>,
) -> Result<(), Error> {
    let membership = lock_visible(tx, actor, group)?.into_membership()?;
    let place = DraftPlace { user: actor.id(), group: membership.group.id, thread };
    tx.accounts().lock(&[actor.id()], LockStrength::Exclusive)?;
    let Some(before) = tx.drafts().find(&place)? else { return Ok(()) };
    require_version(&before, if_version)?;
    tx.drafts().remove(&place)?;
    tx.emit(Some(actor.id()), Event::DraftUpdated(DraftUpdate { place, draft: None }));
    Ok(())
}

/// The place, where the actor may have a draft: its group is locked, so that the actor doesn't leave it meanwhile, and the
/// actor, whose drafts are counted.
fn lock_place(
    tx: &mut dyn Tx,
    actor: &Actor,
    group: GroupId,
    thread: Option<MessageId>,
) -> Result<DraftPlace, Error> {
    let membership = lock_visible(tx, actor, group)?.into_membership_with(GroupPermission::ReadHistory)?;
    let place = place_in(tx, actor, &membership, thread)?;
    tx.accounts().lock(&[actor.id()], LockStrength::Exclusive)?;
    Ok(place)
}

fn place_in(
    tx: &mut dyn Tx,
    actor: &Actor,
    membership: &Membership,
    thread: Option<MessageId>,
) -> Result<DraftPlace, Error> {
    if let Some(root) = thread {
        find_root(tx, actor, membership, root)?;
    }
    Ok(DraftPlace { user: actor.id(), group: membership.group.id, thread })
}

fn require_version(draft: &Draft, seen: Option<Version>) -> Result<(), SavedRefusal> {
    match seen {
        Some(seen) if seen != draft.version => Err(SavedRefusal::DraftConflict { current: draft.version }),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;

//! Leaving a group, and removing members.

use crate::accounts::Actor;
use crate::audit::{AuditAction, AuditEntry};
use crate::error::Error;
use crate::events::{DirectPartner, Event, RemovedMember};
use crate::groups::access::lock_managed;
use crate::groups::change_role::require_another_owner;
use crate::groups::direct_key::DirectKey;
use crate::groups::error::GroupRefusal;
use crate::groups::repository::MemberQuery;
use crate::groups::succession::ensure_owner;
use crate::groups::ways_in::end_invitations_by;
use crate::ids::{GroupId, UserId};
use crate::jobs::Task;
use crate::paging::Limit;
use crate::permissions::{BuiltInRole, GroupPermission};
use crate::storage::Tx;

/// Removes a member of a lower rank, or lets the actor leave.
///
/// # Errors
/// `NotFound`, `MemberNotFound`, `MembersOnly`, `RoleTooLow`, `Archived`, `LastOwner`, `Direct` of [`GroupRefusal`], or a
/// fault.
pub fn remove_member(tx: &mut dyn Tx, actor: &Actor, group: GroupId, user: UserId) -> Result<(), Error> {
    let found = lock_managed(tx, actor, group)?;
    let member = tx.members().find(group, user)?.ok_or(GroupRefusal::MemberNotFound)?;
    if found.group.is_direct() {
        return Err(GroupRefusal::Direct.into());
    }
    if user != actor.id() {
        let scope = found.group.scope().over(member.role.rank);
        found.authorize_at(tx, actor, GroupPermission::RemoveMembers, &scope)?;
    }
    if member.role.name == BuiltInRole::Owner {
        require_another_owner(tx, group)?;
    }
    remove(tx, Some(actor.id()), group, user)?;
    let action = if user == actor.id() { AuditAction::MemberLeft } else { AuditAction::MemberRemoved };
    tx.record(AuditEntry::by(actor, action).to(user).within(group));
    Ok(())
}

/// Ends one membership of a user whose account is deleted, passing the group on if they were its last owner.
/// A direct conversation goes with the last of its people. A group that is itself deleted is left without a word.
pub(crate) fn end_membership(tx: &mut dyn Tx, group: GroupId, user: UserId) -> Result<(), Error> {
    tx.groups().lock(group)?;
    let Some(found) = tx.groups().find_visible(group, user)? else {
        return Ok(tx.members().remove(group, user)?);
    };
    // Somebody else may have been faster since the memberships were listed.
    let Some(standing) = found.standing else { return Ok(()) };
    if standing.role.title.name == BuiltInRole::Owner {
        ensure_owner(tx, group)?;
    }
    remove(tx, None, group, user)?;
    match found.group.member_count {
        ..=1 if found.group.is_direct() => remove_direct(tx, group),
        2 if found.group.is_direct() => close_direct(tx, group, user),
        _ => Ok(()),
    }
}

/// Tells the connections of whoever is left in a conversation of two that they can't write in it any more. One of more
/// people stays open to the last of them.
fn close_direct(tx: &mut dyn Tx, conversation: GroupId, gone: UserId) -> Result<(), Error> {
    let left = tx.members().list(&MemberQuery {
        group: conversation,
        search: None,
        after: None,
        limit: Limit::ONE,
    })?;
    let Some(left) = left.first().map(|position| position.entry.user.id) else { return Ok(()) };
    if tx.groups().find_direct(&DirectKey::of(left, &[gone]))? == Some(conversation) {
        tx.emit(None, Event::DirectClosed(DirectPartner { group: conversation, user: gone }));
    }
    Ok(())
}

/// Removes a direct conversation that nobody is left in, with all that was said in it. Nobody is to be told of it, so
/// that, unlike a private group's, nothing of it is kept for the log.
fn remove_direct(tx: &mut dyn Tx, conversation: GroupId) -> Result<(), Error> {
    let now = tx.now();
    tx.groups().mark_deleted(conversation, now)?;
    Ok(tx.jobs().enqueue(Task::ForgetGroup(conversation), now)?)
}

/// Removes a membership, with the invitations that the member has made, and tells of it. The group must be locked.
pub(super) fn remove(
    tx: &mut dyn Tx,
    actor: Option<UserId>,
    group: GroupId,
    user: UserId,
) -> Result<(), Error> {
    tx.members().remove(group, user)?;
    tx.emit(actor, Event::MemberRemoved(RemovedMember { group, user }));
    Ok(end_invitations_by(tx, actor, group, user)?)
}

#[cfg(test)]
mod tests;

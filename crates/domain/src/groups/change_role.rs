//! Changing a member's role.

use crate::accounts::Actor;
use crate::audit::{AuditAction, AuditEntry};
use crate::error::Error;
use crate::events::{Event, GroupMember};
use crate::groups::access::lock_managed;
use crate::groups::error::GroupRefusal;
use crate::groups::membership::lock_to_grow;
use crate::groups::model::Member;
use crate::groups::quota::Quotas;
use crate::groups::role_lookup::role_to_give;
use crate::groups::senders::tell_sender;
use crate::ids::{GroupId, UserId};
use crate::permissions::{BuiltInRole, GroupPermission, RoleName};
use crate::storage::Tx;

/// Gives a member another role, as somebody who manages roles; `None` keeps the one they have.
///
/// # Errors
/// `NotFound`, `MemberNotFound`, `MembersOnly`, `RoleTooLow`, `Archived`, `LastOwner`, `QuotaExceeded` of
/// [`GroupRefusal`], an invalid `role` that the group doesn't have, or a fault.
pub fn change_role(
    tx: &mut dyn Tx,
    actor: &Actor,
    group: GroupId,
    user: UserId,
    role: Option<&RoleName>,
    quotas: &Quotas,
) -> Result<Member, Error> {
    let found = lock_managed(tx, actor, group)?;
    if role.is_some_and(|role| *role == BuiltInRole::Owner) {
        lock_to_grow(tx, actor.id(), user)?;
    }
    let mut member = tx.members().find(group, user)?.ok_or(GroupRefusal::MemberNotFound)?;
    let scope = found.group.scope().over(member.role.rank);
    found.authorize_at(tx, actor, GroupPermission::ManageRoles, &scope)?;
    let Some(name) = role.filter(|role| **role != member.role.name) else { return Ok(member) };
    let role = role_to_give(tx, &found.group, name)?;
    found.authorize_at(tx, actor, GroupPermission::ManageRoles, &scope.giving(&role))?;
    if member.role.name == BuiltInRole::Owner {
        require_another_owner(tx, group)?;
    }
    tx.members().set_role(group, user, name)?;
    if *name == BuiltInRole::Owner {
        quotas.check_owner(tx, user)?;
    }
    member.role = role.title.clone();
    tx.emit(Some(actor.id()), Event::MemberUpdated(GroupMember { group, member: member.clone() }));
    tell_sender(tx, actor.id(), &found.group, &role)?;
    tx.record(AuditEntry::by(actor, AuditAction::MemberRoleChanged).to(user).within(group).with_role(name));
    Ok(member)
}

/// Refuses to go below one owner. The group must be locked.
pub(super) fn require_another_owner(tx: &mut dyn Tx, group: GroupId) -> Result<(), Error> {
    if tx.members().count_owners(group)? > 1 { Ok(()) } else { Err(GroupRefusal::LastOwner.into()) }
}

#[cfg(test)]
mod tests;

//! Changing a member's role.

use crate::accounts::Actor;
use crate::error::Error;
use crate::events::{Event, GroupMember};
use crate::groups::access::lock_managed;
use crate::groups::error::GroupRefusal;
use crate::groups::membership::lock_to_grow;
use crate::groups::model::{Member, Role};
use crate::groups::quota::Quotas;
use crate::ids::{GroupId, UserId};
use crate::storage::Tx;

/// Gives a member another role, as an owner or a server admin; `None` keeps the one they have.
///
/// # Errors
/// `NotFound`, `MemberNotFound`, `MembersOnly`, `RoleTooLow`, `LastOwner`, `QuotaExceeded` of [`GroupRefusal`], or a
/// fault.
pub fn change_role(
    tx: &mut dyn Tx,
    actor: &Actor,
    group: GroupId,
    user: UserId,
    role: Option<Role>,
    quotas: &Quotas,
) -> Result<Member, Error> {
    let found = lock_managed(tx, actor, group)?;
    if role == Some(Role::Owner) {
        lock_to_grow(tx, actor, user)?;
    }
    let mut member = tx.members().find(group, user)?.ok_or(GroupRefusal::MemberNotFound)?;
    found.require(tx, actor, Role::Owner)?;
    let Some(role) = role.filter(|role| *role != member.role) else { return Ok(member) };
    if member.role == Role::Owner {
        require_another_owner(tx, group)?;
    }
    tx.members().set_role(group, user, role)?;
    if role == Role::Owner {
        quotas.check_owner(tx, user)?;
    }
    member.role = role;
    tx.emit(Some(actor.id()), Event::MemberUpdated(GroupMember { group, member: member.clone() }));
    Ok(member)
}

/// Refuses to go below one owner. The group must be locked.
pub(super) fn require_another_owner(tx: &mut dyn Tx, group: GroupId) -> Result<(), Error> {
    if tx.members().count_owners(group)? > 1 { Ok(()) } else { Err(GroupRefusal::LastOwner.into()) }
}

#[cfg(test)]
mod tests;

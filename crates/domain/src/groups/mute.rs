//! Muting: who is muted in a group may write nothing in it, also after leaving and joining again.

use crate::accounts::Actor;
use crate::audit::{AuditAction, AuditEntry};
use crate::error::Error;
use crate::events::{Event, GroupMember};
use crate::groups::access::lock_managed;
use crate::groups::error::GroupRefusal;
use crate::groups::model::Member;
use crate::groups::restriction::{Mute, RestrictionDraft};
use crate::ids::{GroupId, UserId};
use crate::permissions::{BuiltInRole, GroupPermission, Shortfall};
use crate::storage::Tx;

/// Mutes a member of a lower rank, as somebody who may; nobody mutes an owner. A mute that is there already gets this reason
/// and this end. A mute with an end is over then, without a job or an event.
///
/// # Errors
/// `NotFound`, `MemberNotFound`, `MembersOnly`, `RoleTooLow`, `Archived` of [`GroupRefusal`], an `until` that is not in the
/// future, or a fault.
pub fn mute(
    tx: &mut dyn Tx,
    actor: &Actor,
    group: GroupId,
    user: UserId,
    draft: &RestrictionDraft,
) -> Result<Member, Error> {
    let member = load(tx, actor, group, user)?;
    if member.role.name == BuiltInRole::Owner {
        return Err(GroupRefusal::RoleTooLow(Shortfall::Outranked).into());
    }
    draft.check(tx.now())?;
    let mute = Mute::from(draft.clone());
    if member.mute.as_ref() == Some(&mute) {
        return Ok(member);
    }
    tx.mutes().put(group, user, &mute)?;
    tx.record(AuditEntry::by(actor, AuditAction::MemberMuted).to(user).within(group));
    Ok(tell(tx, actor, group, Member { mute: Some(mute), ..member }))
}

/// Ends the mute of a member of a lower rank, as somebody who may mute. Where there is none, this changes nothing.
///
/// # Errors
/// `NotFound`, `MemberNotFound`, `MembersOnly`, `RoleTooLow`, `Archived` of [`GroupRefusal`], or a fault.
pub fn unmute(tx: &mut dyn Tx, actor: &Actor, group: GroupId, user: UserId) -> Result<(), Error> {
    let member = load(tx, actor, group, user)?;
    // Also one that has ended by the clock: the clock may be set back.
    tx.mutes().remove(group, user)?;
    if member.mute.is_some() {
        tx.record(AuditEntry::by(actor, AuditAction::MemberUnmuted).to(user).within(group));
        tell(tx, actor, group, Member { mute: None, ..member });
    }
    Ok(())
}

/// The member, for somebody who may mute them. Nobody decides about their own mute.
fn load(tx: &mut dyn Tx, actor: &Actor, group: GroupId, user: UserId) -> Result<Member, Error> {
    let found = lock_managed(tx, actor, group)?;
    let member = tx.members().find(group, user)?.ok_or(GroupRefusal::MemberNotFound)?;
    let scope = found.group.scope().over(member.role.rank);
    found.authorize_at(tx, actor, GroupPermission::MuteMembers, &scope)?;
    if user == actor.id() {
        return Err(GroupRefusal::RoleTooLow(Shortfall::Outranked).into());
    }
    Ok(member)
}

fn tell(tx: &mut dyn Tx, actor: &Actor, group: GroupId, member: Member) -> Member {
    tx.emit(Some(actor.id()), Event::MemberUpdated(GroupMember { group, member: member.clone() }));
    member
}

#[cfg(test)]
mod tests;

//! Changing a member: their role, and one's own settings.

use crate::accounts::Actor;
use crate::error::Error;
use crate::events::{Event, GroupMember, OwnMembership};
use crate::groups::access::lock_visible;
use crate::groups::change_role::change_role;
use crate::groups::error::GroupRefusal;
use crate::groups::model::Member;
use crate::groups::quota::Quotas;
use crate::groups::settings::SettingsChanges;
use crate::ids::{GroupId, UserId};
use crate::permissions::RoleName;
use crate::storage::Tx;
use crate::validation::{FieldError, Violation, ViolationCode};

/// Changes to a member.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MemberChanges {
    /// Another role; `None` keeps.
    pub role: Option<RoleName>,
    /// The actor's own settings.
    pub settings: SettingsChanges,
}

/// Changes a member: their role, as [`change_role`] does, and the actor's own settings, as [`change_settings`] does.
///
/// # Errors
/// Those of both, and settings of somebody else as invalid fields.
pub fn edit_member(
    tx: &mut dyn Tx,
    actor: &Actor,
    group: GroupId,
    user: UserId,
    changes: &MemberChanges,
    quotas: &Quotas,
) -> Result<Member, Error> {
    let (role, settings) = (changes.role.as_ref(), changes.settings);
    // Nobody needs a right to leave themselves as they are.
    if settings.are_none() && (role.is_some() || user != actor.id()) {
        return change_role(tx, actor, group, user, role, quotas);
    }
    if user != actor.id() {
        return Err(Error::Refused(crate::Refusal::Invalid(settings.fields().map(not_yours).collect())));
    }
    if role.is_some() {
        change_role(tx, actor, group, user, role, quotas)?;
    }
    change_settings(tx, actor, group, settings)
}

fn not_yours(field: &str) -> FieldError {
    Violation::new(ViolationCode::NotEditable, "can only be changed by the member").in_field(field)
}

/// Changes the actor's own settings of a group. Only the actor's devices are told.
///
/// # Errors
/// `NotFound`, `MemberNotFound` of [`GroupRefusal`], or a fault.
pub fn change_settings(
    tx: &mut dyn Tx,
    actor: &Actor,
    group: GroupId,
    changes: SettingsChanges,
) -> Result<Member, Error> {
    lock_visible(tx, actor, group)?;
    let member = tx.members().find(group, actor.id())?.ok_or(GroupRefusal::MemberNotFound)?;
    let settings = changes.apply(member.settings);
    if settings == member.settings {
        return Ok(member);
    }
    tx.members().set_settings(group, actor.id(), settings)?;
    let member = Member { settings, ..member };
    let own = OwnMembership(GroupMember { group, member: member.clone() });
    tx.emit(Some(actor.id()), Event::SettingsUpdated(own));
    Ok(member)
}

#[cfg(test)]
mod tests;

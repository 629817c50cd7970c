//! The roles of a group: what each allows, and the roles that the group defines.

use std::cmp::Reverse;

use crate::accounts::{AccountRefusal, Actor, current_rights};
use crate::audit::{AuditAction, AuditEntry};
use crate::error::Error;
use crate::groups::access::{lock_managed, managed};
use crate::groups::edit::store_change;
use crate::groups::error::GroupRefusal;
use crate::groups::model::{Group, VisibleGroup};
use crate::groups::role_lookup::find_role;
use crate::groups::senders::{sends, tell_senders};
use crate::ids::{GroupId, UserId};
use crate::permissions::{
    BuiltInRole, Decision, GroupPermission, MAX_ROLES, PermissionSet, Rank, Role, RoleDefinition, RoleName,
    RoleTitle, ServerPermission, Who, decide, roles_of,
};
use crate::storage::Tx;
use crate::time::Timestamp;

/// What can be changed of a role. `None` keeps.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RoleChanges {
    /// How high it stands.
    pub rank: Option<Rank>,
    /// What members with the role may do.
    pub permissions: Option<PermissionSet>,
}

/// The roles of a group, the highest rank first. Whoever may see the group may see them. A direct conversation has
/// none.
///
/// # Errors
/// [`GroupRefusal::NotFound`], or a fault.
pub fn list_roles(tx: &mut dyn Tx, actor: &Actor, group: GroupId) -> Result<Vec<Role>, Error> {
    let found = managed(tx, actor, group)?;
    found.authorize(tx, actor, GroupPermission::View)?;
    if found.group.is_direct() {
        return Ok(Vec::new());
    }
    let stored = tx.roles().list(group)?;
    let mut roles: Vec<_> = roles_of(&stored, !found.group.visibility.is_listed()).collect();
    roles.sort_by_cached_key(|role| (Reverse(role.title.rank), role.title.name.key()));
    Ok(roles)
}

/// Defines a role, as somebody who manages roles: one of a lower rank than their own that allows nothing which they may
/// not do themselves.
///
/// # Errors
/// `NotFound`, `MembersOnly`, `RoleTooLow`, `RoleNameTaken`, `TooManyRoles` of [`GroupRefusal`], or a fault.
pub fn define_role(
    tx: &mut dyn Tx,
    actor: &Actor,
    group: GroupId,
    name: &RoleName,
    definition: RoleDefinition,
) -> Result<Role, Error> {
    let found = lock_managed(tx, actor, group)?;
    let title = RoleTitle { name: name.clone(), rank: definition.rank };
    let role = Role { title, permissions: definition.permissions };
    authorize_change(tx, actor, &found, role.title.rank, &role)?;
    let stored = tx.roles().list(group)?;
    let key = name.key();
    let is_taken = |known: &RoleName| known.key() == key;
    if BuiltInRole::ALL.map(RoleName::from).iter().any(is_taken)
        || stored.iter().any(|(known, _)| is_taken(known))
    {
        return Err(GroupRefusal::RoleNameTaken.into());
    }
    if stored.iter().filter(|(known, _)| known.built_in().is_none()).count() >= MAX_ROLES {
        return Err(GroupRefusal::TooManyRoles.into());
    }
    tx.roles().put(group, name, &definition)?;
    store_change(tx, actor, &found.group, found.group.clone())?;
    tx.record(AuditEntry::by(actor, AuditAction::GroupRoleDefined).within(group));
    Ok(role)
}

/// Changes what a role allows, and the rank of one that the group has defined, as somebody who manages roles: of a role
/// below their own rank, which stays there and is given nothing that they may not do themselves. Its members may do at
/// once what it allows then.
///
/// # Errors
/// `NotFound`, `MembersOnly`, `RoleTooLow`, `RoleNotFound`, `RoleFixed` of [`GroupRefusal`], or a fault.
pub fn edit_role(
    tx: &mut dyn Tx,
    actor: &Actor,
    group: GroupId,
    name: &RoleName,
    changes: RoleChanges,
) -> Result<Role, Error> {
    let found = lock_managed(tx, actor, group)?;
    let role = load(tx, actor, &found, name)?;
    let mut changed = role.clone();
    changed.title.rank = changes.rank.unwrap_or(role.title.rank);
    changed.permissions = changes.permissions.unwrap_or(role.permissions);
    let is_owner = *name == BuiltInRole::Owner;
    if changed != role && (is_owner || (name.built_in().is_some() && changed.title != role.title)) {
        return Err(GroupRefusal::RoleFixed.into());
    }
    let added = Role { permissions: changed.permissions.without_all(role.permissions), ..changed.clone() };
    authorize_change(tx, actor, &found, role.title.rank.max(changed.title.rank), &added)?;
    if changed == role {
        return Ok(role);
    }
    let definition = RoleDefinition { rank: changed.title.rank, permissions: changed.permissions };
    tx.roles().put(group, name, &definition)?;
    store_change(tx, actor, &found.group, found.group.clone())?;
    tx.record(AuditEntry::by(actor, AuditAction::GroupRoleEdited).within(group).with_role(name));
    if sends(&changed) != sends(&role) {
        tell_senders(tx, actor.id(), &found.group)?;
    }
    Ok(changed)
}

/// Deletes a role that the group has defined and that no member has, as somebody who manages roles.
///
/// # Errors
/// `NotFound`, `MembersOnly`, `RoleTooLow`, `RoleNotFound`, `RoleFixed`, `RoleInUse` of [`GroupRefusal`], or a fault.
pub fn delete_role(tx: &mut dyn Tx, actor: &Actor, group: GroupId, name: &RoleName) -> Result<(), Error> {
    let found = lock_managed(tx, actor, group)?;
    let role = load(tx, actor, &found, name)?;
    if name.built_in().is_some() {
        return Err(GroupRefusal::RoleFixed.into());
    }
    let scope = found.group.scope().over(role.title.rank);
    found.authorize_at(tx, actor, GroupPermission::ManageRoles, &scope)?;
    if tx.roles().is_held(group, name)? {
        return Err(GroupRefusal::RoleInUse.into());
    }
    tx.roles().remove(group, name)?;
    tx.record(AuditEntry::by(actor, AuditAction::GroupRoleDeleted).within(group));
    store_change(tx, actor, &found.group, found.group.clone())
}

/// What a user may do in a group, with the reasons: the actor, or, for somebody who manages roles, anybody.
///
/// # Errors
/// `NotFound`, `MembersOnly`, `RoleTooLow` of [`GroupRefusal`], [`AccountRefusal::UserNotFound`], or a fault.
pub fn explain(
    tx: &mut dyn Tx,
    actor: &Actor,
    group: GroupId,
    user: UserId,
) -> Result<Vec<(GroupPermission, Decision)>, Error> {
    let found = managed(tx, actor, group)?;
    let (role, muted_until) = if user == actor.id() {
        let standing = found.standing.as_ref();
        let role = standing.map(|standing| standing.role.clone());
        (role, standing.and_then(|standing| standing.muted_until))
    } else {
        found.authorize_at(tx, actor, GroupPermission::ManageRoles, &found.group.scope().reading())?;
        let user = tx.accounts().find(user)?.ok_or(AccountRefusal::UserNotFound)?;
        let (role, muted_until) = standing_of(tx, &found.group, user.id)?.unzip();
        (role, muted_until.flatten())
    };
    let manages_groups = current_rights(tx, user)?.allow(ServerPermission::ManageGroups);
    let ban = if role.is_none() { tx.bans().find(group, user)? } else { None };
    let who = Who::with_role(role.as_ref())
        .managing(manages_groups)
        .banned(ban.map(|ban| ban.term()))
        .muted(muted_until);
    // Whether a direct conversation is closed is the same for both, and only one's own answer gets here.
    let scope = found.group.scope_of(found.standing.as_ref());
    let explained =
        GroupPermission::ALL.iter().map(|permission| (*permission, decide(&who, *permission, &scope)));
    Ok(explained.collect())
}

/// The role of a member, and until when they are muted; `None` for others.
fn standing_of(
    tx: &mut dyn Tx,
    group: &Group,
    user: UserId,
) -> Result<Option<(Role, Option<Timestamp>)>, Error> {
    let Some(member) = tx.members().find(group.id, user)? else { return Ok(None) };
    let role = find_role(tx, group, member.role.name)?;
    Ok(role.map(|role| (role, member.mute.map(|mute| mute.until))))
}

/// The role to change, for somebody who manages roles.
fn load(tx: &mut dyn Tx, actor: &Actor, found: &VisibleGroup, name: &RoleName) -> Result<Role, Error> {
    found.authorize(tx, actor, GroupPermission::ManageRoles)?;
    Ok(find_role(tx, &found.group, name.clone())?.ok_or(GroupRefusal::RoleNotFound)?)
}

/// Rejects a change of a role of this rank, the higher one of before and after, that gives `added`.
fn authorize_change(
    tx: &mut dyn Tx,
    actor: &Actor,
    found: &VisibleGroup,
    rank: Rank,
    added: &Role,
) -> Result<(), Error> {
    let scope = found.group.scope().over(rank).giving(added);
    found.authorize_at(tx, actor, GroupPermission::ManageRoles, &scope)
}

#[cfg(test)]
mod tests;

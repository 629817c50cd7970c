//! Roles on the server: what each allows, the roles that the server defines, and who has them.

use crate::accounts::credentials::{self, CredentialChange};
use crate::accounts::edit::save_locked;
use crate::accounts::error::AccountRefusal;
use crate::accounts::model::User;
use crate::accounts::rights::{LockedUser, lock_for_change, rights_held, rights_of};
use crate::accounts::session::Actor;
use crate::audit::{AuditAction, AuditEntry};
use crate::error::Error;
use crate::events::{Event, RolesOfUser, ServerRoles};
use crate::ids::{RoleId, UserId};
use crate::jobs::Task;
use crate::permissions::{
    Gift, MAX_SERVER_ROLES, ServerDecision, ServerDenial, ServerPermission, ServerPermissionSet, ServerRole,
    ServerRoleName, ServerScope, decide_server,
};
use crate::storage::Tx;

/// What can be changed of a role. `None` keeps.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ServerRoleChanges {
    /// The name.
    pub name: Option<ServerRoleName>,
    /// What users with the role may do.
    pub permissions: Option<ServerPermissionSet>,
}

/// The roles on the server: `admin`, `member`, and the others by name. Everybody may see them, as they may see who is
/// an admin.
///
/// # Errors
/// A fault.
pub fn list_server_roles(tx: &mut dyn Tx, _: &Actor) -> Result<Vec<ServerRole>, Error> {
    Ok(ServerRole::all(tx.server_roles().list()?))
}

/// Defines a role, as somebody who manages roles: one that allows nothing which they may not do themselves.
///
/// # Errors
/// `NotPermitted`, `ProvisionedKey`, `RoleNameTaken`, `TooManyRoles` of [`AccountRefusal`], or a fault.
pub fn define_server_role(
    tx: &mut dyn Tx,
    actor: &Actor,
    name: &ServerRoleName,
    permissions: ServerPermissionSet,
) -> Result<ServerRole, Error> {
    tx.accounts().lock_admins()?;
    authorize(tx, actor, &[permissions])?;
    let stored = tx.server_roles().list()?;
    require_free(&stored, name, None)?;
    if stored.iter().filter(|role| !role.is_built_in()).count() >= MAX_SERVER_ROLES {
        return Err(AccountRefusal::TooManyRoles.into());
    }
    let id = tx.server_roles().insert(name, permissions)?;
    tx.record(AuditEntry::by(actor, AuditAction::ServerRoleDefined).about(id.get()));
    emit_roles(tx, actor)?;
    Ok(ServerRole { id, name: name.clone(), permissions })
}

/// Changes a role, as somebody who manages roles and may do all that the role allows before and after. Those who have
/// it may do at once what it allows then.
///
/// # Errors
/// `RoleNotFound`, `NotPermitted`, `ProvisionedKey`, `RoleFixed`, `RoleNameTaken` of [`AccountRefusal`], or a fault.
pub fn edit_server_role(
    tx: &mut dyn Tx,
    actor: &Actor,
    id: RoleId,
    changes: &ServerRoleChanges,
) -> Result<ServerRole, Error> {
    tx.accounts().lock_admins()?;
    let role = find(tx, id)?;
    let changed = ServerRole {
        id,
        name: changes.name.clone().unwrap_or_else(|| role.name.clone()),
        permissions: changes.permissions.unwrap_or(role.permissions),
    };
    authorize(tx, actor, &[role.permissions, changed.permissions])?;
    if changed == role {
        return Ok(role);
    }
    if id == ServerRole::ADMIN || (role.is_built_in() && changed.name != role.name) {
        return Err(AccountRefusal::RoleFixed.into());
    }
    let stored = tx.server_roles().list()?;
    require_free(&stored, &changed.name, Some(id))?;
    tx.server_roles().put(&changed)?;
    tx.record(AuditEntry::by(actor, AuditAction::ServerRoleEdited).about(id.get()));
    emit_roles(tx, actor)?;
    Ok(changed)
}

/// Deletes a role, as somebody who manages roles and may do all that it allows. Nobody has it any more at once; a
/// durable job removes what is left of that.
///
/// # Errors
/// `RoleNotFound`, `NotPermitted`, `ProvisionedKey`, `RoleFixed` of [`AccountRefusal`], or a fault.
pub fn delete_server_role(tx: &mut dyn Tx, actor: &Actor, id: RoleId) -> Result<(), Error> {
    tx.accounts().lock_admins()?;
    let role = find(tx, id)?;
    authorize(tx, actor, &[role.permissions])?;
    if role.is_built_in() {
        return Err(AccountRefusal::RoleFixed.into());
    }
    let now = tx.now();
    tx.server_roles().remove(id)?;
    tx.record(AuditEntry::by(actor, AuditAction::ServerRoleDeleted).about(id.get()));
    tx.jobs().enqueue(Task::RemoveRole(id), now)?;
    emit_roles(tx, actor)
}

/// The roles of a user, as everybody may see them: `admin` for admins, `member`, and the others by name.
///
/// # Errors
/// [`AccountRefusal::UserNotFound`], or a fault.
pub fn list_roles_of_user(tx: &mut dyn Tx, _: &Actor, user: UserId) -> Result<Vec<ServerRole>, Error> {
    let user = tx.accounts().find(user)?.ok_or(AccountRefusal::UserNotFound)?;
    roles_of(tx, &user)
}

/// Gives a user a role, as somebody who manages roles and may do all that the role allows, and no less than the user.
/// `admin` is given by admins only. Giving a role twice changes nothing. Returns the user's roles.
///
/// # Errors
/// `UserNotFound`, `RoleNotFound`, `NotPermitted`, `ProvisionedKey` of [`AccountRefusal`], or a fault.
pub fn give_server_role(
    tx: &mut dyn Tx,
    actor: &Actor,
    user: UserId,
    id: RoleId,
) -> Result<Vec<ServerRole>, Error> {
    let (user, role) = lock_holder(tx, actor, user, id)?;
    let before = roles_of(tx, &user)?;
    if before.contains(&role) {
        return Ok(before);
    }
    tx.record(AuditEntry::by(actor, AuditAction::ServerRoleGiven).to(user.id).about(id.get()));
    if id == ServerRole::ADMIN {
        let user = set_admin(tx, actor, &user, true)?;
        return roles_of(tx, &user);
    }
    tx.server_roles().give(user.id, id)?;
    emit_roles_of(tx, actor, &user)
}

/// Takes a role from a user, as somebody who manages roles and may do all that the role allows, and no less than the
/// user. Taking a role that the user doesn't have changes nothing. The last admin stays.
///
/// # Errors
/// `UserNotFound`, `RoleNotFound`, `NotPermitted`, `ProvisionedKey`, `RoleFixed`, `LastAdmin` of [`AccountRefusal`], or
/// a fault.
pub fn take_server_role(tx: &mut dyn Tx, actor: &Actor, user: UserId, id: RoleId) -> Result<(), Error> {
    let (user, role) = lock_holder(tx, actor, user, id)?;
    if id == ServerRole::MEMBER {
        return Err(AccountRefusal::RoleFixed.into());
    }
    if !roles_of(tx, &user)?.contains(&role) {
        return Ok(());
    }
    tx.record(AuditEntry::by(actor, AuditAction::ServerRoleTaken).to(user.id).about(id.get()));
    if id == ServerRole::ADMIN {
        return set_admin(tx, actor, &user, false).map(drop);
    }
    tx.server_roles().take(user.id, id)?;
    emit_roles_of(tx, actor, &user).map(drop)
}

/// What a user may do on the server, with the reasons: the actor, or, for those who manage users or roles, anybody.
///
/// # Errors
/// [`AccountRefusal::UserNotFound`], [`AccountRefusal::NotPermitted`], or a fault.
pub fn explain_on_server(
    tx: &mut dyn Tx,
    actor: &Actor,
    user: UserId,
) -> Result<Vec<(ServerPermission, ServerDecision)>, Error> {
    let rights = tx.server_roles().rights(user)?.ok_or(AccountRefusal::UserNotFound)?;
    if user != actor.id() {
        let asking = rights_held(tx, actor)?;
        if !asking.allow(ServerPermission::ManageUsers) && !asking.allow(ServerPermission::ManageRoles) {
            let denial = ServerDenial::Lacks(ServerPermission::ManageUsers);
            return Err(AccountRefusal::NotPermitted(denial).into());
        }
    }
    let decided = |permission: &ServerPermission| {
        (*permission, decide_server(&rights, *permission, &ServerScope::NOBODY))
    };
    Ok(ServerPermission::ALL.iter().map(decided).collect())
}

/// Rejects actors who may not change roles that allow this. The roles must be locked.
fn authorize(tx: &mut dyn Tx, actor: &Actor, allowing: &[ServerPermissionSet]) -> Result<(), Error> {
    let rights = rights_of(tx, actor)?;
    let allowing = allowing.iter().fold(ServerPermissionSet::EMPTY, |all, some| all.union(*some));
    let change = CredentialChange::ServerRole(Gift::Permissions(allowing));
    Ok(credentials::authorize(actor, &rights, change)?)
}

/// Locks a user who is to be given a role or to lose it, and rejects actors who may not do that.
fn lock_holder(
    tx: &mut dyn Tx,
    actor: &Actor,
    user: UserId,
    id: RoleId,
) -> Result<(User, ServerRole), Error> {
    tx.accounts().lock_admins()?;
    let role = find(tx, id)?;
    let LockedUser { user, by } = lock_for_change(tx, actor, user, ServerPermission::ManageRoles)?;
    let gift = if id == ServerRole::ADMIN { Gift::Admin } else { Gift::Permissions(role.permissions) };
    credentials::authorize(actor, &by, CredentialChange::ServerRole(gift))?;
    Ok((user, role))
}

/// Makes the user an admin, or ends that: the same as an edit of `is_admin`.
fn set_admin(tx: &mut dyn Tx, actor: &Actor, user: &User, is_admin: bool) -> Result<User, Error> {
    save_locked(tx, Some(actor.id()), user, User { is_admin, ..user.clone() })
}

fn find(tx: &mut dyn Tx, id: RoleId) -> Result<ServerRole, Error> {
    let role = match id {
        ServerRole::ADMIN => Some(ServerRole::admin()),
        ServerRole::MEMBER => Some(tx.server_roles().find(id)?.unwrap_or_else(ServerRole::member)),
        id => tx.server_roles().find(id)?,
    };
    Ok(role.ok_or(AccountRefusal::RoleNotFound)?)
}

/// Rejects a name that another role has.
fn require_free(
    stored: &[ServerRole],
    name: &ServerRoleName,
    except: Option<RoleId>,
) -> Result<(), AccountRefusal> {
    let key = name.key();
    let others = ServerRole::all(stored.to_vec()).into_iter().filter(|role| Some(role.id) != except);
    let is_taken = others.into_iter().any(|role| role.name.key() == key);
    if is_taken { Err(AccountRefusal::RoleNameTaken) } else { Ok(()) }
}

fn roles_of(tx: &mut dyn Tx, user: &User) -> Result<Vec<ServerRole>, Error> {
    let all = ServerRole::all(tx.server_roles().list()?);
    let held = tx.server_roles().held(&[user.id])?;
    Ok(RolesOfUser::of(user, &all, &held).roles)
}

/// Tells everybody of the roles as they are now.
fn emit_roles(tx: &mut dyn Tx, actor: &Actor) -> Result<(), Error> {
    let roles = ServerRole::all(tx.server_roles().list()?);
    tx.emit(Some(actor.id()), Event::RolesUpdated(ServerRoles(roles)));
    Ok(())
}

/// Tells everybody which roles the user has now, and returns them.
fn emit_roles_of(tx: &mut dyn Tx, actor: &Actor, user: &User) -> Result<Vec<ServerRole>, Error> {
    let roles = roles_of(tx, user)?;
    let event = RolesOfUser { user: user.id, roles: roles.clone() };
    tx.emit(Some(actor.id()), Event::UserRolesUpdated(event));
    Ok(roles)
}

#[cfg(test)]
mod tests;

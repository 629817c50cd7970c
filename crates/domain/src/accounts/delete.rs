//! Deleting users.

use crate::accounts::credentials::{self, CredentialChange};
use crate::accounts::model::User;
use crate::accounts::owned_bots;
use crate::accounts::rights::{LockedUser, lock_for_change, require_another_admin};
use crate::accounts::session::Actor;
use crate::audit::{AuditAction, AuditEntry};
use crate::error::Error;
use crate::events::Event;
use crate::ids::UserId;
use crate::jobs::Task;
use crate::permissions::ServerPermission;
use crate::storage::Tx;

/// Deletes a user on behalf of somebody who manages users and may do no less: marks the account, frees the name, and
/// ends keys and rights at once, and with them what the user's bots can do. Durable jobs then end the memberships and the
/// bots. Messages and likes stay.
///
/// # Errors
/// `UserNotFound`, `NotPermitted`, `ProvisionedKey`, `LastAdmin` of
/// [`AccountRefusal`](crate::accounts::AccountRefusal), or a fault.
pub fn delete_user(tx: &mut dyn Tx, actor: &Actor, id: UserId) -> Result<(), Error> {
    let LockedUser { user, by } = lock_for_change(tx, actor, id, ServerPermission::ManageUsers)?;
    credentials::authorize(actor, &by, CredentialChange::Deletion)?;
    delete_locked(tx, Some(actor.id()), &user)?;
    tx.record(AuditEntry::by(actor, AuditAction::UserDeleted).to(id));
    Ok(())
}

/// Deletes a user. The user and the set of server admins must be locked.
pub(crate) fn delete_locked(tx: &mut dyn Tx, by: Option<UserId>, user: &User) -> Result<(), Error> {
    if user.is_active_admin() {
        require_another_admin(tx)?;
    }
    let (id, now) = (user.id, tx.now());
    if owned_bots::stop(tx, by, id)? {
        tx.jobs().enqueue(Task::EndBots(id), now)?;
    }
    tx.accounts().mark_deleted(id, now)?;
    // There is no event about the sessions: the deletion of the user implies it.
    tx.sessions().end_all(id, None)?;
    tx.tokens().end_all(id)?;
    tx.known_networks().forget(id)?;
    tx.known_devices().forget(id, None)?;
    tx.factors().remove(id)?;
    tx.server_invites().forget(id)?;
    tx.server_roles().take_all(id)?;
    tx.jobs().enqueue(Task::EndMemberships(id), now)?;
    tx.emit(by, Event::UserDeleted(id));
    Ok(())
}

#[cfg(test)]
mod tests;

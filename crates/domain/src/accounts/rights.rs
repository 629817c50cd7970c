//! What users may do on the server.

use crate::accounts::error::AccountRefusal;
use crate::accounts::model::User;
use crate::accounts::permit::reject_tokens;
use crate::accounts::repository::LockStrength;
use crate::accounts::session::Actor;
use crate::error::Error;
use crate::ids::UserId;
use crate::permissions::{ServerDecision, ServerPermission, ServerRights, ServerScope, decide_server};
use crate::storage::{StorageFault, Tx};

/// What a user may do now; nothing if the account is gone. Without a lock, so only for what is shown.
pub(crate) fn current_rights(tx: &mut dyn Tx, user: UserId) -> Result<ServerRights, StorageFault> {
    Ok(tx.server_roles().rights(user)?.unwrap_or(ServerRights::NONE))
}

/// What the actor may do now with this session. Without a lock, so only for what is shown.
pub(crate) fn rights_held(tx: &mut dyn Tx, actor: &Actor) -> Result<ServerRights, StorageFault> {
    Ok(actor.limit(current_rights(tx, actor.id())?))
}

/// Locks users, each as strongly as it says: in the order of their ids, so that no two commands wait for each other.
pub(crate) fn lock_in_order(
    tx: &mut dyn Tx,
    locks: &mut [(UserId, LockStrength)],
) -> Result<(), StorageFault> {
    locks.sort_unstable_by_key(|(id, _)| *id);
    for run in locks.chunk_by(|one, next| one.1 == next.1) {
        let ids: Vec<_> = run.iter().map(|(id, _)| *id).collect();
        tx.accounts().lock(&ids, run[0].1)?;
    }
    Ok(())
}

/// What the actor may do now. Read under a lock, since the actor may be being demoted.
pub(crate) fn rights_of(tx: &mut dyn Tx, actor: &Actor) -> Result<ServerRights, Error> {
    tx.accounts().lock(&[actor.id()], LockStrength::Shared)?;
    Ok(rights_held(tx, actor)?)
}

/// Whether the actor has a permission on the server now.
pub(crate) fn may(tx: &mut dyn Tx, actor: &Actor, permission: ServerPermission) -> Result<bool, Error> {
    Ok(rights_of(tx, actor)?.allow(permission))
}

/// Rejects everyone who doesn't have a permission on the server.
pub(crate) fn require_on_server(
    tx: &mut dyn Tx,
    actor: &Actor,
    permission: ServerPermission,
) -> Result<(), Error> {
    Ok(check(&rights_of(tx, actor)?, permission, &ServerScope::NOBODY)?)
}

/// Rejects what these rights don't allow.
pub(crate) fn check(
    rights: &ServerRights,
    permission: ServerPermission,
    scope: &ServerScope,
) -> Result<(), AccountRefusal> {
    match decide_server(rights, permission, scope) {
        ServerDecision::Allowed(_) => Ok(()),
        ServerDecision::Denied(denial) => Err(AccountRefusal::NotPermitted(denial)),
    }
}

/// A user that somebody is about to change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LockedUser {
    /// The user.
    pub(crate) user: User,
    /// What the actor may do.
    pub(crate) by: ServerRights,
}

/// Loads the user that somebody with this permission is about to change, and locks both. Also locks the set of admins,
/// so that it can be counted, and the roles on the server. Rejects actors who may not do this to this user.
pub(crate) fn lock_for_change(
    tx: &mut dyn Tx,
    actor: &Actor,
    target: UserId,
    permission: ServerPermission,
) -> Result<LockedUser, Error> {
    tx.accounts().lock_admins()?;
    tx.accounts().lock(&[actor.id(), target], LockStrength::Exclusive)?;
    let user = tx.accounts().find(target)?.ok_or(AccountRefusal::UserNotFound)?;
    // Every user may know that a user exists, so 404 comes before 403.
    let by = rights_held(tx, actor)?;
    check_over(tx, &by, target, permission)?;
    if target == actor.id() {
        reject_tokens(actor)?;
    }
    Ok(LockedUser { user, by })
}

/// Rejects an act on a user, unless these rights allow it. Reads the rights of the user only where they can make a
/// difference.
pub(crate) fn check_over(
    tx: &mut dyn Tx,
    by: &ServerRights,
    target: UserId,
    permission: ServerPermission,
) -> Result<(), Error> {
    check(by, permission, &ServerScope::NOBODY)?;
    if by.is_admin {
        return Ok(());
    }
    let target = current_rights(tx, target)?;
    Ok(check(by, permission, &ServerScope::NOBODY.over(target))?)
}

/// Rejects a change that would leave no server admin. The set of admins must be locked.
pub(crate) fn require_another_admin(tx: &mut dyn Tx) -> Result<(), Error> {
    if tx.accounts().count_admins()? > 1 { Ok(()) } else { Err(AccountRefusal::LastAdmin.into()) }
}

#[cfg(test)]
mod tests;

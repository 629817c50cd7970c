//! Who is a server admin.

use crate::accounts::error::AccountRefusal;
use crate::accounts::model::User;
use crate::accounts::repository::LockStrength;
use crate::accounts::session::Actor;
use crate::error::Error;
use crate::ids::UserId;
use crate::storage::Tx;

/// Whether the actor is a server admin now. Read under a lock, since the actor may be being demoted.
pub(crate) fn is_server_admin(tx: &mut dyn Tx, actor: &Actor) -> Result<bool, Error> {
    tx.accounts().lock(&[actor.id()], LockStrength::Shared)?;
    Ok(tx.accounts().find(actor.id())?.is_some_and(|user| user.is_admin))
}

/// Rejects everyone but server admins.
pub(crate) fn require_server_admin(tx: &mut dyn Tx, actor: &Actor) -> Result<(), Error> {
    if is_server_admin(tx, actor)? { Ok(()) } else { Err(AccountRefusal::AdminOnly.into()) }
}

/// Loads the user that a server admin is about to change, and locks both. Also locks the set of admins, so that it can
/// be counted.
pub(crate) fn lock_for_change(tx: &mut dyn Tx, actor: &Actor, target: UserId) -> Result<User, Error> {
    tx.accounts().lock_admins()?;
    tx.accounts().lock(&[actor.id(), target], LockStrength::Exclusive)?;
    let user = tx.accounts().find(target)?.ok_or(AccountRefusal::UserNotFound);
    // Every user may know that a user exists, so 404 comes before 403.
    let user = user?;
    let admin = tx.accounts().find(actor.id())?.is_some_and(|user| user.is_admin);
    if admin { Ok(user) } else { Err(AccountRefusal::AdminOnly.into()) }
}

/// Rejects a change that would leave no server admin. The set of admins must be locked.
pub(crate) fn require_another_admin(tx: &mut dyn Tx) -> Result<(), Error> {
    if tx.accounts().count_admins()? > 1 { Ok(()) } else { Err(AccountRefusal::LastAdmin.into()) }
}

#[cfg(test)]
mod tests;

//! Temporary passwords: made up for users who can't sign in any more, and to be changed before anything else.

use crate::accounts::credentials::{self, CredentialChange};
use crate::accounts::edit::may_set_password;
use crate::accounts::model::{Password, PasswordHash};
use crate::accounts::ports::{ApiKeys, HashCaller, PasswordHasher};
use crate::accounts::rights::lock_for_change;
use crate::accounts::session::Actor;
use crate::accounts::sessions::{self, Ending};
use crate::audit::{AuditAction, AuditEntry};
use crate::error::Error;
use crate::ids::UserId;
use crate::permissions::ServerPermission;
use crate::storage::{Credential, Storage, Tx, WritePurpose, Writing};

/// Gives a user a password that is made up, on behalf of somebody who manages users and may do no less than this one. It
/// ends all sessions of the user. Whoever signs in with it must choose another one before anything else.
///
/// # Errors
/// [`UserNotFound`], [`NotPermitted`], [`ProvisionedKey`], [`IsBot`], [`CurrentPasswordRequired`] for one's own, busy, or
/// a fault.
///
/// [`IsBot`]: crate::accounts::AccountRefusal::IsBot
/// [`UserNotFound`]: crate::accounts::AccountRefusal::UserNotFound
/// [`NotPermitted`]: crate::accounts::AccountRefusal::NotPermitted
/// [`ProvisionedKey`]: crate::accounts::AccountRefusal::ProvisionedKey
/// [`CurrentPasswordRequired`]: crate::accounts::AccountRefusal::CurrentPasswordRequired
pub async fn set_temporary_password(
    storage: &dyn Storage,
    hasher: &dyn PasswordHasher,
    keys: &dyn ApiKeys,
    who: Credential,
    id: UserId,
) -> Result<Password, Error> {
    // Checked twice: here, so that nobody makes the server hash in vain, and again when the hash is stored.
    let (admin, _) = storage.read_as(who, move |tx, actor| may_set_password(tx, actor, id)).await?;
    let password = keys.generate_password();
    let hash = hasher.hash(HashCaller::User(admin), password.clone()).await?;
    let securing = Writing::new(who, WritePurpose::Secure);
    storage.write_as(securing, move |tx, actor| replace(tx, actor, id, &hash)).await?;
    Ok(password)
}

fn replace(tx: &mut dyn Tx, actor: &Actor, id: UserId, hash: &PasswordHash) -> Result<(), Error> {
    let locked = lock_for_change(tx, actor, id, ServerPermission::ManageUsers)?;
    credentials::authorize(actor, &locked.by, CredentialChange::PasswordOf(id))?;
    credentials::require_person(&locked.user)?;
    tx.accounts().set_temporary_password(id, hash)?;
    tx.known_devices().forget(id, None)?;
    sessions::end(tx, Some(actor.id()), id, Ending::AllAndTokens)?;
    tx.record(AuditEntry::by(actor, AuditAction::TemporaryPassword).to(id));
    Ok(())
}

#[cfg(test)]
mod tests;

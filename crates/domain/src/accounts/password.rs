//! Changing your own password.

use crate::accounts::credentials::{self, CredentialChange};
use crate::accounts::error::AccountRefusal;
use crate::accounts::model::{Password, PasswordHash};
use crate::accounts::new_password::{hash_chosen, known_of};
use crate::accounts::own_password::OwnPasswordPorts;
use crate::accounts::ports::{HashCaller, LoginRateLimiter, PasswordHasher};
use crate::accounts::repository::LockStrength;
use crate::accounts::session::{Actor, KeyHash, Secret};
use crate::accounts::sessions::{self, Ending};
use crate::audit::{AuditAction, AuditEntry};
use crate::error::Error;
use crate::ids::UserId;
use crate::permissions::ServerRights;
use crate::storage::{Credential, Storage, Tx, WritePurpose, Writing};

/// Changes the actor's password and ends all their other sessions. Of the devices that are known, only `device` stays so, if
/// it is one of theirs. Attempts are limited, so that a stolen key can't be
/// used to guess the password.
///
/// # Errors
/// [`AccountRefusal::WrongPassword`], [`AccountRefusal::ProvisionedKey`],
/// [`AccountRefusal::TooManyAttempts`], [`AccountRefusal::ChangedMeanwhile`], busy, or a fault.
pub async fn change_password(
    storage: &dyn Storage,
    hasher: &dyn PasswordHasher,
    attempts: &dyn LoginRateLimiter,
    who: Credential,
    current: Secret,
    new: Password,
    device: Option<KeyHash>,
) -> Result<(), Error> {
    let (user, old, known) = storage.read_as(who, |tx, actor| current_password(tx, actor)).await?;
    let ports = OwnPasswordPorts { storage, hasher, attempts };
    ports.prove(who, user, &old, current, AuditAction::PasswordChanged).await?;
    let hash = hash_chosen(hasher, HashCaller::User(user), "new", new, known).await?;
    let securing = Writing::new(who, WritePurpose::Secure);
    storage.write_as(securing, move |tx, actor| replace(tx, actor, &old, &hash, device)).await
}

/// The actor, the password of now, and what guessers know.
fn current_password(tx: &mut dyn Tx, actor: &Actor) -> Result<(UserId, PasswordHash, Vec<String>), Error> {
    // Being an admin makes no difference for the own password.
    credentials::authorize(actor, &ServerRights::NONE, CredentialChange::OwnPassword)?;
    let hash = tx.accounts().password(actor.id())?.ok_or(AccountRefusal::Unauthenticated)?;
    let user = tx.accounts().find(actor.id())?.ok_or(AccountRefusal::Unauthenticated)?;
    Ok((actor.id(), hash, known_of(&user)))
}

fn replace(
    tx: &mut dyn Tx,
    actor: &Actor,
    old: &PasswordHash,
    new: &PasswordHash,
    device: Option<KeyHash>,
) -> Result<(), Error> {
    tx.accounts().lock(&[actor.id()], LockStrength::Exclusive)?;
    if tx.accounts().password(actor.id())?.as_ref() != Some(old) {
        return Err(AccountRefusal::ChangedMeanwhile.into());
    }
    tx.accounts().set_password(actor.id(), new)?;
    tx.known_devices().forget(actor.id(), device)?;
    sessions::end(tx, Some(actor.id()), actor.id(), Ending::AllBut(actor.session))?;
    tx.record(AuditEntry::by(actor, AuditAction::PasswordChanged).to(actor.id()));
    Ok(())
}

#[cfg(test)]
mod tests;

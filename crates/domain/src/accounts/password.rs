//! Changing your own password.

use crate::accounts::credentials::CredentialChange;
use crate::accounts::error::AccountRefusal;
use crate::accounts::model::{Password, PasswordHash};
use crate::accounts::new_password::{hash_chosen, known_of};
use crate::accounts::own_password::{OwnPasswordPorts, Owner};
use crate::accounts::ports::{HashCaller, LoginRateLimiter, PasswordHasher};
use crate::accounts::repository::LockStrength;
use crate::accounts::session::{Actor, KeyHash, Secret};
use crate::accounts::sessions::{self, Ending};
use crate::audit::{AuditAction, AuditEntry};
use crate::error::Error;
use crate::storage::{Asking, Credential, Storage, Tx, WritePurpose, Writing};
use crate::validation::{Violation, ViolationCode};

/// Changes the actor's password and ends all their other sessions. One that was made up for them is not kept. Of the devices
/// that are known, only `device` stays so, if it is one of theirs. Attempts are limited, so that a stolen key can't be used to
/// guess the password.
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
    let asking = Asking::from(who).before_password_change().before_factor();
    let (owner, is_temporary) = storage.read_as(asking, |tx, actor| current_password(tx, actor)).await?;
    let Owner { user, hash: old } = owner;
    let ports = OwnPasswordPorts { storage, hasher, attempts };
    ports.prove(who, user.id, &old, current.clone(), AuditAction::PasswordChanged).await?;
    if is_temporary && Password::parse(current.reveal()).as_ref() == Ok(&new) {
        let detail = "must not be the one that was made up for you";
        return Err(Violation::new(ViolationCode::OutOfRange, detail).in_field("new").into());
    }
    let hash = hash_chosen(hasher, HashCaller::User(user.id), "new", new, known_of(&user)).await?;
    let securing = Writing::new(who, WritePurpose::Secure).before_password_change().before_factor();
    storage.write_as(securing, move |tx, actor| replace(tx, actor, &old, &hash, device)).await
}

/// The actor with the password of now, and whether that was made up, to be changed.
fn current_password(tx: &mut dyn Tx, actor: &Actor) -> Result<(Owner, bool), Error> {
    Ok((Owner::of(tx, actor, CredentialChange::OwnPassword)?, actor.must_change_password))
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

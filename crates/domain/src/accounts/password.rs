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
    let asking = Asking::from(who).before_password_change();
    let Current { user, hash: old, known, is_temporary } =
        storage.read_as(asking, |tx, actor| current_password(tx, actor)).await?;
    let ports = OwnPasswordPorts { storage, hasher, attempts };
    ports.prove(who, user, &old, current.clone(), AuditAction::PasswordChanged).await?;
    if is_temporary && Password::parse(current.reveal()).as_ref() == Ok(&new) {
        let detail = "must not be the one that was made up for you";
        return Err(Violation::new(ViolationCode::OutOfRange, detail).in_field("new").into());
    }
    let hash = hash_chosen(hasher, HashCaller::User(user), "new", new, known).await?;
    let securing = Writing::new(who, WritePurpose::Secure).before_password_change();
    storage.write_as(securing, move |tx, actor| replace(tx, actor, &old, &hash, device)).await
}

/// The password of now.
#[derive(Debug, PartialEq, Eq)]
struct Current {
    /// Whose it is.
    user: UserId,
    hash: PasswordHash,
    /// What guessers know of the user.
    known: Vec<String>,
    /// Whether it was made up, to be changed.
    is_temporary: bool,
}

fn current_password(tx: &mut dyn Tx, actor: &Actor) -> Result<Current, Error> {
    // Being an admin makes no difference for the own password.
    credentials::authorize(actor, &ServerRights::NONE, CredentialChange::OwnPassword)?;
    let hash = tx.accounts().password(actor.id())?.ok_or(AccountRefusal::Unauthenticated)?;
    let user = tx.accounts().find(actor.id())?.ok_or(AccountRefusal::Unauthenticated)?;
    let is_temporary = actor.must_change_password;
    Ok(Current { user: user.id, hash, known: known_of(&user), is_temporary })
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

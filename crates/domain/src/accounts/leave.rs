//! Deleting one's own account.

use crate::accounts::delete::delete_locked;
use crate::accounts::error::AccountRefusal;
use crate::accounts::own_password::{OwnPasswordPorts, Owner};
use crate::accounts::proof::prove;
use crate::accounts::repository::LockStrength;
use crate::accounts::session::{Actor, Secret};
use crate::audit::{AuditAction, AuditEntry};
use crate::error::Error;
use crate::storage::{Credential, Tx, WritePurpose, Writing};

/// Deletes the actor's own account, as [`delete_user`](super::delete_user) does.
///
/// # Errors
/// [`AccountRefusal::WrongPassword`], [`AccountRefusal::ProvisionedKey`], [`AccountRefusal::TooManyAttempts`],
/// [`AccountRefusal::LastAdmin`], [`AccountRefusal::ChangedMeanwhile`], busy, or a fault.
pub async fn delete_self(ports: OwnPasswordPorts<'_>, who: Credential, typed: Secret) -> Result<(), Error> {
    let owner = prove(ports, who, typed, AuditAction::UserDeleted).await?;
    let tidying = Writing::new(who, WritePurpose::Tidy);
    ports.storage.write_as(tidying, move |tx, actor| leave(tx, actor, &owner)).await
}

fn leave(tx: &mut dyn Tx, actor: &Actor, owner: &Owner) -> Result<(), Error> {
    let id = actor.id();
    // Who the admins are comes before users, and must not change until it is known that there is another.
    tx.accounts().lock_admins()?;
    tx.accounts().lock(&[id], LockStrength::Exclusive)?;
    owner.require_unchanged(tx, actor)?;
    let user = tx.accounts().find(id)?.ok_or(AccountRefusal::Unauthenticated)?;
    delete_locked(tx, Some(id), &user)?;
    tx.record(AuditEntry::by(actor, AuditAction::UserDeleted).to(id));
    Ok(())
}

#[cfg(test)]
mod tests;

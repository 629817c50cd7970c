//! Deleting one's own account.

use crate::accounts::delete::delete_locked;
use crate::accounts::error::AccountRefusal;
use crate::accounts::repository::LockStrength;
use crate::accounts::session::Actor;
use crate::audit::{AuditAction, AuditEntry};
use crate::error::Error;
use crate::factors::{FactorPorts, Proof, do_proven};
use crate::ids::UserId;
use crate::storage::{Credential, Tx};

/// Deletes the actor's own account, as [`delete_user`](super::delete_user) does.
///
/// # Errors
/// `WrongPassword`, `ProvisionedKey`, `TooManyAttempts`, `LastAdmin`, `ChangedMeanwhile` of [`AccountRefusal`],
/// `CodeRequired`, `WrongCode`, `NoKey` of [`FactorRefusal`](crate::factors::FactorRefusal), busy, or a fault.
pub async fn delete_self(ports: FactorPorts<'_>, who: Credential, proof: Proof) -> Result<(), Error> {
    do_proven(&ports, who, proof, AuditAction::UserDeleted, lock, leave).await
}

/// Who the admins are comes before users, and must not change until it is known that there is another.
fn lock(tx: &mut dyn Tx, user: UserId) -> Result<(), Error> {
    tx.accounts().lock_admins()?;
    Ok(tx.accounts().lock(&[user], LockStrength::Exclusive)?)
}

fn leave(tx: &mut dyn Tx, actor: &Actor) -> Result<(), Error> {
    let id = actor.id();
    let user = tx.accounts().find(id)?.ok_or(AccountRefusal::Unauthenticated)?;
    delete_locked(tx, Some(id), &user)?;
    tx.record(AuditEntry::by(actor, AuditAction::UserDeleted).to(id));
    Ok(())
}

#[cfg(test)]
mod tests;

//! Proof by the current password that a key is in the hands of its user.

use crate::accounts::credentials::CredentialChange;
use crate::accounts::own_password::{OwnPasswordPorts, Owner};
use crate::accounts::session::Secret;
use crate::audit::AuditAction;
use crate::error::Error;
use crate::storage::Credential;

/// Checks the password of the actor, who is about to do this.
///
/// # Errors
/// `WrongPassword`, `ProvisionedKey`, `TooManyAttempts` of [`AccountRefusal`](super::AccountRefusal), busy, or a fault.
pub(super) async fn prove(
    ports: OwnPasswordPorts<'_>,
    who: Credential,
    typed: Secret,
    action: AuditAction,
) -> Result<Owner, Error> {
    let find = ports.storage.read_as(who, |tx, actor| Owner::of(tx, actor, CredentialChange::OwnPassword));
    let owner = find.await?;
    ports.prove(who, owner.user.id, &owner.hash, typed, action).await?;
    Ok(owner)
}

//! Proof by the current password that a key is in the hands of its user.

use crate::accounts::credentials::{self, CredentialChange};
use crate::accounts::error::AccountRefusal;
use crate::accounts::model::{PasswordHash, User};
use crate::accounts::own_password::OwnPasswordPorts;
use crate::accounts::session::{Actor, Secret};
use crate::audit::AuditAction;
use crate::error::Error;
use crate::permissions::ServerRights;
use crate::storage::{Credential, Tx};

/// A user who has just entered the right password.
#[derive(Debug, Clone)]
pub(super) struct Proven {
    /// The user, as they were.
    pub user: User,
    /// The hash that the password was checked against.
    pub password: PasswordHash,
}

impl Proven {
    /// Rejects what the password was entered for if it has changed since. The user must be locked.
    pub(super) fn require(&self, tx: &mut dyn Tx, actor: &Actor) -> Result<(), Error> {
        let is_same = actor.id() == self.user.id
            && tx.accounts().password(actor.id())?.as_ref() == Some(&self.password);
        if is_same { Ok(()) } else { Err(AccountRefusal::ChangedMeanwhile.into()) }
    }
}

/// Checks the password of the actor, who is about to do this.
///
/// # Errors
/// [`AccountRefusal::WrongPassword`], [`AccountRefusal::ProvisionedKey`], [`AccountRefusal::TooManyAttempts`], busy, or a
/// fault.
pub(super) async fn prove(
    ports: OwnPasswordPorts<'_>,
    who: Credential,
    typed: Secret,
    action: AuditAction,
) -> Result<Proven, Error> {
    let proven = ports.storage.read_as(who, |tx, actor| current(tx, actor)).await?;
    ports.prove(who, proven.user.id, &proven.password, typed, action).await?;
    Ok(proven)
}

/// The actor, and the password of now.
fn current(tx: &mut dyn Tx, actor: &Actor) -> Result<Proven, Error> {
    // Being an admin makes no difference for the own password.
    credentials::authorize(actor, &ServerRights::NONE, CredentialChange::OwnPassword)?;
    let password = tx.accounts().password(actor.id())?.ok_or(AccountRefusal::Unauthenticated)?;
    let user = tx.accounts().find(actor.id())?.ok_or(AccountRefusal::Unauthenticated)?;
    Ok(Proven { user, password })
}

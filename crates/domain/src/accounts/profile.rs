//! Editing your own profile, where mail can reset your password.

use crate::accounts::credentials::{self, CredentialChange};
use crate::accounts::edit::{ProfileChanges, edit_self_if};
use crate::accounts::error::AccountRefusal;
use crate::accounts::mail_order::MailQueue;
use crate::accounts::model::User;
use crate::accounts::own_password::{OwnPasswordPorts, Owner};
use crate::accounts::proof::prove;
use crate::accounts::session::{Actor, Secret};
use crate::audit::AuditAction;
use crate::error::Error;
use crate::permissions::ServerRights;
use crate::storage::{Credential, Tx};

/// Changes the actor's own profile. Where the server sends mail, another address takes the current password: who gets the
/// mail can reset it, and a stolen key must not be enough for that.
///
/// # Errors
/// [`AccountRefusal::CurrentPasswordRequired`], [`AccountRefusal::WrongPassword`], [`AccountRefusal::ProvisionedKey`],
/// [`AccountRefusal::TooManyAttempts`], [`AccountRefusal::ChangedMeanwhile`], busy, or a fault.
pub async fn edit_profile(
    ports: OwnPasswordPorts<'_>,
    mails: &dyn MailQueue,
    who: Credential,
    changes: ProfileChanges,
    current: Option<Secret>,
) -> Result<User, Error> {
    let takes_proof = mails.is_on() && changes.email.is_some();
    let proven = match current.filter(|_| takes_proof) {
        Some(typed) => Some(prove(ports, who, typed, AuditAction::UserEdited).await?),
        None => None,
    };
    let edit = move |tx: &mut dyn Tx, actor: &Actor| {
        edit_self_if(tx, actor, &changes, |tx, actor| {
            if takes_proof { require(tx, actor, proven.as_ref()) } else { Ok(()) }
        })
    };
    ports.storage.write_as(who, edit).await
}

fn require(tx: &mut dyn Tx, actor: &Actor, proven: Option<&Owner>) -> Result<(), Error> {
    credentials::authorize(actor, &ServerRights::NONE, CredentialChange::OwnPassword)?;
    proven.ok_or(AccountRefusal::CurrentPasswordRequired)?.require_unchanged(tx, actor)
}

#[cfg(test)]
mod tests;

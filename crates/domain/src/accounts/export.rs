//! Exporting all that is stored about oneself.
//!
//! It is read part by part and page by page, each page by a read of its own, so it is not one snapshot: what changes meanwhile may
//! be there as it was or as it is.

mod part;
mod repository;
mod row;

pub use part::{ExportPart, NOT_EXPORTED};
#[cfg(test)]
pub(crate) use repository::MockExportRepository;
pub use repository::{ExportPage, ExportPosition, ExportRepository};
pub use row::{ExportRow, ExportValue};

use crate::accounts::repository::LockStrength;
use crate::accounts::session::Actor;
use crate::audit::{AuditAction, AuditEntry};
use crate::error::Error;
use crate::factors::{FactorPorts, Proof, do_proven};
use crate::ids::UserId;
use crate::storage::{Credential, Tx};

/// Lets the actor export, with the password, and a code of those who have a second factor. Records it. Returns who it is.
///
/// # Errors
/// `WrongPassword`, `ProvisionedKey`, `TooManyAttempts`, `ChangedMeanwhile` of
/// [`AccountRefusal`](super::AccountRefusal), `CodeRequired`, `WrongCode`, `NoKey` of
/// [`FactorRefusal`](crate::factors::FactorRefusal), busy, or a fault.
pub async fn begin_export(ports: FactorPorts<'_>, who: Credential, proof: Proof) -> Result<UserId, Error> {
    do_proven(&ports, who, proof, AuditAction::AccountExported, lock, |tx, actor| {
        tx.record(AuditEntry::by(actor, AuditAction::AccountExported).to(actor.id()));
        Ok(actor.id())
    })
    .await
}

fn lock(tx: &mut dyn Tx, user: UserId) -> Result<(), Error> {
    Ok(tx.accounts().lock(&[user], LockStrength::Exclusive)?)
}

/// A page of one part of what is stored about the actor.
///
/// # Errors
/// A fault.
pub fn export_page(
    tx: &mut dyn Tx,
    actor: &Actor,
    part: ExportPart,
    after: Option<ExportPosition>,
) -> Result<ExportPage, Error> {
    Ok(tx.exports().page(part, actor.id(), after)?)
}

#[cfg(test)]
mod tests;

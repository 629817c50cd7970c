//! What users do with their second factors: they need their password again, and a code.

use crate::accounts::{LockStrength, Secret, owner_for_factors};
use crate::audit::{AuditAction, AuditEntry};
use crate::error::Error;
use crate::events::Event;
use crate::factors::error::FactorRefusal;
use crate::factors::held::{has_passkey, has_totp};
use crate::factors::model::{RecoveryCode, TypedCode};
use crate::factors::ports::FactorPorts;
use crate::factors::recovery::Drawn;
use crate::factors::verify::{Checked, Verifier, limited, verify_code};
use crate::ids::UserId;
use crate::storage::{Credential, Tx, WritePurpose, Writing};

/// Ends the actor's one-time passwords, and the recovery codes if there is no other factor.
///
/// # Errors
/// `ProvisionedKey`, `WrongPassword`, `TooManyAttempts`, `ChangedMeanwhile` of
/// [`AccountRefusal`](crate::accounts::AccountRefusal), [`FactorRefusal::NotSetUp`], [`FactorRefusal::WrongCode`],
/// [`FactorRefusal::NoKey`], busy, or a fault.
pub async fn disable_totp(
    ports: FactorPorts<'_>,
    who: Credential,
    password: Secret,
    code: TypedCode,
) -> Result<(), Error> {
    proven(&ports, who, password, &code, AuditAction::TotpDisabled, |tx, user| {
        if tx.passkeys().credentials(user)?.is_empty() {
            tx.factors().remove(user)?;
        } else {
            tx.factors().remove_totp(user)?;
        }
        Ok(tx.half_logins().remove_all(user)?)
    })
    .await
}

/// Gives the actor new recovery codes, which are shown once, instead of those that are left.
///
/// # Errors
/// As [`disable_totp`].
pub async fn renew_recovery_codes(
    ports: FactorPorts<'_>,
    who: Credential,
    password: Secret,
    code: TypedCode,
) -> Result<Vec<RecoveryCode>, Error> {
    let Drawn { codes, hashes } = Drawn::draw(&*ports.codes);
    let renew = move |tx: &mut dyn Tx, user| Ok(tx.factors().replace_recovery_codes(user, &hashes)?);
    proven(&ports, who, password, &code, AuditAction::RecoveryCodesRenewed, renew).await?;
    Ok(codes)
}

/// Changes the actor's factors, which have to be set up, with password and code. Records it as this action, and tells the
/// actor's devices.
async fn proven(
    ports: &FactorPorts<'_>,
    who: Credential,
    password: Secret,
    code: &TypedCode,
    action: AuditAction,
    change: impl Fn(&mut dyn Tx, UserId) -> Result<(), Error> + Send + 'static,
) -> Result<(), Error> {
    let storage = ports.password.storage;
    let owner = storage.read_as(who, move |tx, actor| {
        let owner = owner_for_factors(tx, actor)?;
        require_set_up(tx, owner.user.id, action)?;
        Ok(owner)
    });
    let owner = owner.await?;
    let user = owner.user.id;
    ports.password.prove(who, user, &owner.hash, password, action).await?;
    let verifier = Verifier::new(&ports.codes, &ports.sealer, code);
    let changing = {
        let verifier = verifier.clone();
        let changing_own = Writing::new(who, WritePurpose::Tidy);
        storage.write_as(changing_own, move |tx, actor| {
            tx.accounts().lock(&[user], LockStrength::Exclusive)?;
            owner.require_unchanged(tx, actor)?;
            require_set_up(tx, user, action)?;
            let entry = AuditEntry::by(actor, action).to(user);
            if !verify_code(tx, &verifier, user, &entry)? {
                return Ok(Checked::Wrong);
            }
            change(tx, user)?;
            tx.record(entry);
            tx.emit(Some(user), Event::FactorsUpdated(user));
            Ok(Checked::Right(()))
        })
    };
    let changed = limited(ports.password.attempts, &verifier, user, changing).await?;
    changed.ok_or_else(|| FactorRefusal::WrongCode.into())
}

/// Rejects users without one-time passwords or, for anything but to disable these, without any factor.
fn require_set_up(tx: &mut dyn Tx, user: UserId, action: AuditAction) -> Result<(), Error> {
    if has_totp(tx, user)? {
        return Ok(());
    }
    if action != AuditAction::TotpDisabled && has_passkey(tx, user)? {
        return Ok(());
    }
    Err(FactorRefusal::NotSetUp.into())
}

#[cfg(test)]
mod tests;

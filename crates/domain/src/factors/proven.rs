//! What takes more than a key: the password again, and a code of those who have a second factor.

use crate::accounts::{AccountRefusal, Actor, Secret, owner_with_password};
use crate::audit::{AuditAction, AuditEntry};
use crate::error::Error;
use crate::factors::error::FactorRefusal;
use crate::factors::model::TypedCode;
use crate::factors::ports::FactorPorts;
use crate::factors::verify::{Checked, Verifier, limited, verify_code};
use crate::ids::UserId;
use crate::storage::{Credential, Tx, WritePurpose, Writing};

/// What users enter again.
pub struct Proof {
    /// The password.
    pub password: Secret,
    /// A code, which only those need who have a second factor.
    pub code: Option<TypedCode>,
}

/// Does something that takes a proof, within the limits of guesses. `lock` locks the actor exclusively, and before that
/// whatever comes first. A proof that is wrong is recorded as `action`; what is done records itself.
///
/// # Errors
/// `WrongPassword`, `ProvisionedKey`, `TooManyAttempts`, `ChangedMeanwhile` of [`AccountRefusal`],
/// [`FactorRefusal::CodeRequired`], [`FactorRefusal::WrongCode`], [`FactorRefusal::NoKey`], those of `deed`, busy, or a fault.
pub(crate) async fn do_proven<T: Send + 'static>(
    ports: &FactorPorts<'_>,
    who: Credential,
    proof: Proof,
    action: AuditAction,
    lock: impl Fn(&mut dyn Tx, UserId) -> Result<(), Error> + Send + 'static,
    deed: impl Fn(&mut dyn Tx, &Actor) -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    let storage = ports.password.storage;
    let read = storage.read_as(who, |tx, actor| {
        let owner = owner_with_password(tx, actor)?;
        // All who have one have codes.
        let has_factor = tx.factors().has_any(owner.user.id)?;
        Ok((owner, has_factor))
    });
    let (owner, has_factor_now) = read.await?;
    let user = owner.user.id;
    ports.password.prove(who, user, &owner.hash, proof.password, action).await?;
    let verifier = match (has_factor_now, &proof.code) {
        (true, None) => return Err(FactorRefusal::CodeRequired.into()),
        (true, Some(code)) => Some(Verifier::new(&ports.codes, &ports.sealer, code)),
        (false, _) => None,
    };
    let doing = {
        let verifier = verifier.clone();
        storage.write_as(Writing::new(who, WritePurpose::Tidy), move |tx, actor| {
            lock(tx, user)?;
            owner.require_unchanged(tx, actor)?;
            if tx.factors().has_any(user)? != verifier.is_some() {
                return Err(AccountRefusal::ChangedMeanwhile.into());
            }
            let entry = AuditEntry::by(actor, action).to(user);
            match &verifier {
                Some(verifier) if !verify_code(tx, verifier, user, &entry)? => Ok(Checked::Wrong),
                _ => deed(tx, actor).map(Checked::Right),
            }
        })
    };
    let done = match &verifier {
        Some(verifier) => limited(ports.password.attempts, verifier, user, doing).await?,
        None => doing.await?.right(),
    };
    done.ok_or_else(|| FactorRefusal::WrongCode.into())
}

//! Setting up one-time passwords: the server gives out a secret, and the user shows by a code to have it.

use std::time::Duration;

use crate::accounts::{LockStrength, Secret, Username, owner_for_factors};
use crate::audit::{AuditAction, AuditEntry};
use crate::error::Error;
use crate::events::Event;
use crate::factors::error::FactorRefusal;
use crate::factors::model::{Passcode, RecoveryCode, Totp, TotpSecret, TypedCode};
use crate::factors::ports::FactorPorts;
use crate::factors::recovery::Drawn;
use crate::factors::verify::{Checked, Verifier, confirm_by_code, limited};
use crate::ids::UserId;
use crate::storage::{Asking, Credential, Tx, WritePurpose, Writing};
use crate::time::Timestamp;

/// How long a set-up may take.
pub const SET_UP_LIFETIME: Duration = Duration::from_secs(15 * 60);

/// How far the clock of the server that began a set-up may be ahead of the one that confirms it.
const SKEW: Duration = Duration::from_secs(60);

/// What an authenticator needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TotpSetUp {
    /// The secret, shown once.
    pub secret: TotpSecret,
    /// The same with the names of user and server, as authenticators take it.
    pub uri: Secret,
    /// The address as a QR code: an SVG image.
    pub qr_svg: Secret,
}

/// Begins to set up one-time passwords for the actor, with the password. Nothing asks for them before they are confirmed.
/// `issuer` is what authenticators call the server.
///
/// # Errors
/// `ProvisionedKey`, `WrongPassword`, `TooManyAttempts`, `ChangedMeanwhile` of
/// [`AccountRefusal`](crate::accounts::AccountRefusal), [`FactorRefusal::AlreadySetUp`], [`FactorRefusal::NoKey`], busy, or a fault.
pub async fn set_up_totp(
    ports: FactorPorts<'_>,
    who: Credential,
    password: Secret,
    issuer: &str,
) -> Result<TotpSetUp, Error> {
    let storage = ports.password.storage;
    let owner = storage.read_as(Asking::from(who).before_factor(), |tx, actor| {
        let owner = owner_for_factors(tx, actor)?;
        reject_second(tx, owner.user.id)?;
        Ok(owner)
    });
    let owner = owner.await?;
    let (user, username) = (owner.user.id, owner.user.username.clone());
    let secret = ports.codes.new_secret();
    let sealed = ports.sealer.seal(&Totp::context(user), secret.as_bytes());
    let sealed = sealed.map_err(|_| FactorRefusal::NoKey)?;
    ports.password.prove(who, user, &owner.hash, password, AuditAction::TotpSetUp).await?;
    let changing_own = Writing::new(who, WritePurpose::Tidy).before_factor();
    storage
        .write_as(changing_own, move |tx, actor| {
            tx.accounts().lock(&[user], LockStrength::Exclusive)?;
            owner.require_unchanged(tx, actor)?;
            reject_second(tx, user)?;
            let now = tx.now();
            tx.factors().begin_totp(user, &sealed, now)?;
            tx.record(AuditEntry::by(actor, AuditAction::TotpSetUp).to(user));
            Ok(())
        })
        .await?;
    let uri = otpauth(issuer, &username, &secret);
    let qr_svg = Secret::new(ports.codes.qr_code(&uri));
    Ok(TotpSetUp { secret, uri: Secret::new(uri), qr_svg })
}

fn reject_second(tx: &mut dyn Tx, user: UserId) -> Result<(), Error> {
    match tx.factors().totp(user)? {
        Some(Totp { confirmed_at: Some(_), .. }) => Err(FactorRefusal::AlreadySetUp.into()),
        _ => Ok(()),
    }
}

/// The address of a secret in the form that authenticators read. Issuer and username consist of letters, digits, `.`, `-`
/// and `_`, so nothing has to be escaped.
fn otpauth(issuer: &str, username: &Username, secret: &TotpSecret) -> String {
    let (username, secret) = (username.as_str(), secret.reveal());
    format!(
        "otpauth://totp/{issuer}:{username}?secret={secret}&issuer={issuer}&algorithm=SHA1&digits=6&period=30"
    )
}

/// Confirms the one-time passwords of the actor by one of them, which is used up. From now on, logins ask for them. Returns
/// recovery codes, which are shown once.
///
/// # Errors
/// `ProvisionedKey`, `TooManyAttempts` of [`AccountRefusal`](crate::accounts::AccountRefusal),
/// [`FactorRefusal::NotSetUp`], [`FactorRefusal::AlreadySetUp`], [`FactorRefusal::WrongCode`],
/// [`FactorRefusal::NoKey`], or a fault.
pub async fn confirm_totp(
    ports: FactorPorts<'_>,
    who: Credential,
    code: Passcode,
) -> Result<Vec<RecoveryCode>, Error> {
    let storage = ports.password.storage;
    let asking = Asking::from(who).before_factor();
    let owner = storage.read_as(asking, |tx, actor| owner_for_factors(tx, actor)).await?;
    let user = owner.user.id;
    let verifier = Verifier::new(&ports.codes, &ports.sealer, &TypedCode::Passcode(code));
    let Drawn { codes, hashes } = Drawn::draw(&*ports.codes);
    let confirming = {
        let verifier = verifier.clone();
        let changing_own = Writing::new(who, WritePurpose::Tidy).before_factor();
        storage.write_as(changing_own, move |tx, actor| {
            tx.accounts().lock(&[user], LockStrength::Exclusive)?;
            let totp = pending(tx, user)?;
            let entry = AuditEntry::by(actor, AuditAction::TotpConfirmed).to(user);
            if !confirm_by_code(tx, &verifier, totp, &entry)? {
                return Ok(Checked::Wrong);
            }
            tx.factors().replace_recovery_codes(user, &hashes)?;
            tx.record(entry);
            tx.emit(Some(user), Event::FactorsUpdated(user));
            Ok(Checked::Right(()))
        })
    };
    let confirmed = limited(ports.password.attempts, &verifier, user, confirming).await?;
    confirmed.map(|()| codes).ok_or_else(|| FactorRefusal::WrongCode.into())
}

/// The one-time passwords whose set-up has begun lately.
fn pending(tx: &mut dyn Tx, user: UserId) -> Result<Totp, Error> {
    let now = tx.now();
    match tx.factors().totp(user)? {
        Some(Totp { confirmed_at: Some(_), .. }) => Err(FactorRefusal::AlreadySetUp.into()),
        Some(totp) if is_recent(totp.created_at, now) => Ok(totp),
        _ => Err(FactorRefusal::NotSetUp.into()),
    }
}

/// One that began in the future was begun by a clock that was ahead, and nobody knows how long ago.
fn is_recent(begun: Timestamp, now: Timestamp) -> bool {
    now.minus(SET_UP_LIFETIME) < begun && begun <= now.plus(SKEW)
}

#[cfg(test)]
mod tests;

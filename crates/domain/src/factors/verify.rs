//! Checking codes: every route that takes one comes here. A code works once.

use std::sync::Arc;

use crate::accounts::{AccountRefusal, KeyHash, LoginRateLimiter, PasswordAttempt};
use crate::audit::{AuditAction, AuditEntry};
use crate::error::Error;
use crate::factors::error::FactorRefusal;
use crate::factors::model::{Passcode, Totp, TotpSecret, TypedCode};
use crate::factors::ports::FactorCodes;
use crate::ids::UserId;
use crate::secrets::{SealError, Sealer};
use crate::storage::{StorageFault, Tx};

/// A code that somebody shows, and what it takes to check it.
#[derive(Clone)]
pub(crate) struct Verifier {
    codes: Arc<dyn FactorCodes>,
    sealer: Arc<dyn Sealer>,
    shown: Shown,
}

#[derive(Clone)]
enum Shown {
    Passcode(Passcode),
    Recovery(KeyHash),
}

impl Verifier {
    /// For this code.
    pub(crate) fn new(codes: &Arc<dyn FactorCodes>, sealer: &Arc<dyn Sealer>, code: &TypedCode) -> Self {
        let shown = match code {
            TypedCode::Passcode(code) => Shown::Passcode(code.clone()),
            TypedCode::Recovery(code) => Shown::Recovery(codes.digest_recovery_code(code)),
        };
        Self { codes: codes.clone(), sealer: sealer.clone(), shown }
    }

    /// What a guess of this user counts as. One-time passwords are short. Recovery codes count for themselves, so that
    /// nobody who guesses the former keeps the owner from using one.
    fn counts_as(&self, user: UserId) -> PasswordAttempt {
        match self.shown {
            Shown::Passcode(_) => PasswordAttempt::Passcode(user),
            Shown::Recovery(_) => PasswordAttempt::RecoveryCode(user),
        }
    }
}

/// What came of a command that checks a code. A wrong one is no refusal, which would undo that it was counted.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Checked<T> {
    /// The code was right.
    Right(T),
    /// It was wrong, or used before.
    Wrong,
}

impl<T> Checked<T> {
    /// What came of a right one.
    pub(crate) fn right(self) -> Option<T> {
        match self {
            Self::Right(found) => Some(found),
            Self::Wrong => None,
        }
    }
}

/// Runs a command that checks a code of a user, within the limit on guesses. `None` stands for a wrong code.
///
/// # Errors
/// [`AccountRefusal::TooManyAttempts`], or what the command fails with.
pub(crate) async fn limited<T>(
    attempts: &dyn LoginRateLimiter,
    verifier: &Verifier,
    user: UserId,
    command: impl Future<Output = Result<Checked<T>, Error>>,
) -> Result<Option<T>, Error> {
    let counted = verifier.counts_as(user);
    let taken = attempts.take(&counted);
    let of = taken.map_err(|retry_after| AccountRefusal::TooManyAttempts { retry_after })?;
    let outcome = command.await;
    match outcome {
        Ok(Checked::Right(_)) => attempts.succeed(&counted, of),
        Ok(Checked::Wrong) => {}
        Err(_) => attempts.refund(&counted, of),
    }
    outcome.map(Checked::right)
}

/// Checks a code of a user, who must be locked exclusively, and uses it up. A wrong one is recorded as `entry`, and a
/// recovery code as what it is. Returns whether it was right.
///
/// # Errors
/// [`FactorRefusal::NoKey`], or a fault.
pub(crate) fn verify_code(
    tx: &mut dyn Tx,
    verifier: &Verifier,
    user: UserId,
    entry: &AuditEntry,
) -> Result<bool, Error> {
    let is_right = match &verifier.shown {
        Shown::Passcode(code) => {
            let totp = tx.factors().totp(user)?.filter(|totp| totp.confirmed_at.is_some());
            totp.map_or(Ok(false), |totp| use_passcode(tx, verifier, &totp, code))?
        }
        Shown::Recovery(code) => {
            let is_right = tx.factors().use_recovery_code(user, code)?;
            if is_right {
                tx.record(AuditEntry { action: AuditAction::RecoveryCodeUsed, ..entry.clone() });
            }
            is_right
        }
    };
    if !is_right {
        tx.record(entry.clone().failed());
    }
    Ok(is_right)
}

/// The same for one-time passwords that are not confirmed yet, with one of their codes: confirms them if it is right.
pub(super) fn confirm_by_code(
    tx: &mut dyn Tx,
    verifier: &Verifier,
    totp: Totp,
    entry: &AuditEntry,
) -> Result<bool, Error> {
    let is_right = match &verifier.shown {
        Shown::Passcode(code) => {
            let totp = Totp { confirmed_at: Some(tx.now()), ..totp };
            use_passcode(tx, verifier, &totp, code)?
        }
        Shown::Recovery(_) => false,
    };
    if !is_right {
        tx.record(entry.clone().failed());
    }
    Ok(is_right)
}

fn use_passcode(tx: &mut dyn Tx, verifier: &Verifier, totp: &Totp, code: &Passcode) -> Result<bool, Error> {
    let secret = open(&*verifier.sealer, totp)?;
    let step = verifier.codes.matching_step(&secret, code, tx.now());
    let Some(used) = step.and_then(|step| totp.used.with(step)) else { return Ok(false) };
    tx.factors().update_totp(totp.user, totp.confirmed_at, &used)?;
    Ok(true)
}

fn open(sealer: &dyn Sealer, totp: &Totp) -> Result<TotpSecret, Error> {
    let damaged = || StorageFault::Internal { reason: format!("the secret of user {}", totp.user) };
    let bytes = match sealer.open(&Totp::context(totp.user), &totp.secret) {
        Ok(bytes) => bytes,
        Err(SealError::NoKey | SealError::UnknownKey(_)) => return Err(FactorRefusal::NoKey.into()),
        Err(SealError::Damaged) => return Err(damaged().into()),
    };
    Ok(bytes.try_into().map(TotpSecret::new).map_err(|_| damaged())?)
}

#[cfg(test)]
mod tests;

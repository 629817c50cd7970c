//! A password that its owner enters again, to do what a key alone is not enough for.

use crate::accounts::credentials::{self, CredentialChange};
use crate::accounts::error::AccountRefusal;
use crate::accounts::model::{PasswordHash, User};
use crate::accounts::ports::{
    HashCaller, LoginRateLimiter, PasswordAttempt, PasswordCheck, PasswordHasher, Verification,
};
use crate::accounts::session::{Actor, Secret};
use crate::audit::{AuditAction, AuditEntry};
use crate::error::Error;
use crate::ids::UserId;
use crate::permissions::ServerRights;
use crate::storage::{Credential, Storage, Tx, WritePurpose, Writing};

/// The ports that checking the own password needs.
#[derive(Clone, Copy)]
pub struct OwnPasswordPorts<'a> {
    /// The database.
    pub storage: &'a dyn Storage,
    /// Checks the password.
    pub hasher: &'a dyn PasswordHasher,
    /// Limits the attempts.
    pub attempts: &'a dyn LoginRateLimiter,
}

/// Who changes something of their own, and the hash of the password of now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Owner {
    pub(crate) user: User,
    pub(crate) hash: PasswordHash,
}

impl Owner {
    /// The actor, who is about to make this change.
    ///
    /// # Errors
    /// [`AccountRefusal::ProvisionedKey`], or a fault.
    pub(super) fn of(tx: &mut dyn Tx, actor: &Actor, change: CredentialChange) -> Result<Self, Error> {
        // Being an admin makes no difference for what is one's own.
        credentials::authorize(actor, &ServerRights::NONE, change)?;
        let hash = tx.accounts().password(actor.id())?.ok_or(AccountRefusal::Unauthenticated)?;
        let user = tx.accounts().find(actor.id())?.ok_or(AccountRefusal::Unauthenticated)?;
        Ok(Self { user, hash })
    }

    /// Rejects what the password was entered for if it has changed since. The user must be locked.
    ///
    /// # Errors
    /// [`AccountRefusal::ChangedMeanwhile`], or a fault.
    pub(crate) fn require_unchanged(&self, tx: &mut dyn Tx, actor: &Actor) -> Result<(), Error> {
        let is_same =
            actor.id() == self.user.id && tx.accounts().password(actor.id())?.as_ref() == Some(&self.hash);
        if is_same { Ok(()) } else { Err(AccountRefusal::ChangedMeanwhile.into()) }
    }
}

/// The actor, who is about to change their second factors.
///
/// # Errors
/// [`AccountRefusal::ProvisionedKey`], or a fault.
pub(crate) fn owner_for_factors(tx: &mut dyn Tx, actor: &Actor) -> Result<Owner, Error> {
    Owner::of(tx, actor, CredentialChange::OwnFactors)
}

/// The actor, who is about to do what takes the password again.
///
/// # Errors
/// [`AccountRefusal::ProvisionedKey`], or a fault.
pub(crate) fn owner_with_password(tx: &mut dyn Tx, actor: &Actor) -> Result<Owner, Error> {
    Owner::of(tx, actor, CredentialChange::OwnPassword)
}

impl OwnPasswordPorts<'_> {
    /// Checks what a user has typed against the hash of their password. Attempts are limited, so that a stolen key can't be
    /// used to guess it, and one that fails is recorded as this action. Whoever acts on it reads the hash again under a
    /// lock.
    ///
    /// # Errors
    /// [`AccountRefusal::WrongPassword`], [`AccountRefusal::TooManyAttempts`], busy, or a fault.
    pub(crate) async fn prove(
        self,
        who: Credential,
        user: UserId,
        hash: &PasswordHash,
        typed: Secret,
        action: AuditAction,
    ) -> Result<(), Error> {
        let counted = PasswordAttempt::OwnPassword(user);
        let taken = self.attempts.take(&counted);
        let of = taken.map_err(|retry_after| AccountRefusal::TooManyAttempts { retry_after })?;
        // It is no secret here that the user exists, so a wrong password need not take a fixed time.
        let check = PasswordCheck { typed, hash: Some(hash.clone()), highest_cost: None };
        let verified = self.hasher.verify(HashCaller::User(user), check).await;
        if !matches!(verified, Ok(Verification::Wrong)) {
            self.attempts.refund(&counted, of);
        }
        if verified? != Verification::Wrong {
            return Ok(());
        }
        // The answer is the same if it can't be recorded, and the storage has logged why.
        let failed = move |tx: &mut dyn Tx, actor: &Actor| {
            tx.record(AuditEntry::by(actor, action).to(actor.id()).failed());
            Ok(())
        };
        let trying = Writing::new(who, WritePurpose::Secure).before_password_change().before_factor();
        let _ = self.storage.write_as(trying, failed).await;
        Err(AccountRefusal::WrongPassword.into())
    }
}

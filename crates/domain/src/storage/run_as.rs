//! Runs commands as a principal, which is authenticated in the command's own transaction.

use crate::accounts::Actor;
use crate::error::Error;
use crate::storage::principal::{Asking, Principal};
use crate::storage::writing::{DiskSpace, WritePurpose, Writing, require_manager_when_full};
use crate::storage::{Access, Caller, Mode, Storage, Tx};

impl dyn Storage + '_ {
    /// Runs `work` as the principal, in a transaction that may write. The principal is authenticated in the same
    /// transaction, so a revoked key has no effect. All writes of users go through here, whatever the transport: they
    /// are rate limited, and rejected while the disk is nearly full.
    ///
    /// # Errors
    /// [`Unauthenticated`](crate::accounts::AccountRefusal::Unauthenticated),
    /// [`PasswordChangeRequired`](crate::accounts::AccountRefusal::PasswordChangeRequired),
    /// [`FactorRequired`](crate::accounts::AccountRefusal::FactorRequired),
    /// [`InsufficientScope`](crate::accounts::AccountRefusal::InsufficientScope), [`Error::RateLimited`],
    /// [`Error::StorageFull`], what `work` rejects, or a fault.
    pub async fn write_as<T: Send + 'static>(
        &self,
        writing: impl Into<Writing>,
        work: impl Fn(&mut dyn Tx, &Actor) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let Writing { who, reach, purpose, bytes } = writing.into();
        let asking = Asking { who, reach };
        if let Principal::Key(credential) = who
            && !self.knows_key(&credential.key)
        {
            self.read_as(asking, |_, _| Ok(())).await?;
        }
        if purpose != WritePurpose::Secure
            && let Some(limiter) = self.write_limiter()
        {
            limiter
                .take(self.caller(who), bytes)
                .map_err(|retry_after| Error::RateLimited { retry_after })?;
        }
        let is_full =
            purpose == WritePurpose::Grow && self.disk_space().is_some_and(DiskSpace::is_nearly_full);
        let work = move |tx: &mut dyn Tx, actor: &Actor| {
            if is_full {
                require_manager_when_full(tx, actor)?;
            }
            work(tx, actor)
        };
        self.run_as(Mode::Write, asking, work).await
    }

    /// Runs `work` as the principal, on one snapshot, without writing.
    ///
    /// # Errors
    /// [`Unauthenticated`](crate::accounts::AccountRefusal::Unauthenticated),
    /// [`PasswordChangeRequired`](crate::accounts::AccountRefusal::PasswordChangeRequired),
    /// [`FactorRequired`](crate::accounts::AccountRefusal::FactorRequired),
    /// [`InsufficientScope`](crate::accounts::AccountRefusal::InsufficientScope), what `work` rejects, or a fault.
    pub async fn read_as<T: Send + 'static>(
        &self,
        asking: impl Into<Asking>,
        work: impl Fn(&mut dyn Tx, &Actor) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        self.run_as(Mode::Read, asking.into(), work).await
    }

    async fn run_as<T: Send + 'static>(
        &self,
        mode: Mode,
        asking: Asking,
        work: impl Fn(&mut dyn Tx, &Actor) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let access = Access { mode, caller: self.caller(asking.who) };
        let policy = self.factor_policy();
        let checked = move |tx: &mut dyn Tx| {
            let actor = asking.authenticate(tx, mode, policy)?;
            work(tx, &actor)
        };
        self.run(access, checked).await
    }

    /// The caller for fairness, as far as it is known without asking the database.
    pub fn caller(&self, who: Principal) -> Caller {
        match who {
            Principal::Key(who) => self.holder(&who.key).map_or(Caller::Network(who.network), Caller::User),
            Principal::Session(open) => Caller::User(open.user),
        }
    }
}

#[cfg(test)]
mod tests;

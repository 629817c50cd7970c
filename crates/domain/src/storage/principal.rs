//! The principal of a command: its credential comes with the request and is checked in the command's own transaction.

use crate::accounts::{AccountRefusal, Actor, KeyHash};
use crate::error::Error;
use crate::ids::{SessionId, UserId};
use crate::network::Network;
use crate::storage::writing::{DiskSpace, WritePurpose, Writing, require_admin_when_full};
use crate::storage::{Access, Caller, Mode, Storage, Tx};

/// The credential of a request: the hash of its API key, not yet checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Credential {
    /// SHA-256 of the key.
    pub key: KeyHash,
    /// Where the request came from. Invalid keys share the turns of their network.
    pub network: Network,
}

/// A session that was authenticated when a connection was opened. It may have ended since, so every command from the
/// connection checks it again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenSession {
    /// Whose it is.
    pub user: UserId,
    /// The session.
    pub session: SessionId,
}

impl From<&Actor> for OpenSession {
    fn from(actor: &Actor) -> Self {
        Self { user: actor.id(), session: actor.session }
    }
}

/// The principal that a command is to run as: not authenticated yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Principal {
    /// As the holder of a key.
    Key(Credential),
    /// As the holder of a session that was authenticated before.
    Session(OpenSession),
}

impl From<Credential> for Principal {
    fn from(credential: Credential) -> Self {
        Self::Key(credential)
    }
}

impl From<OpenSession> for Principal {
    fn from(session: OpenSession) -> Self {
        Self::Session(session)
    }
}

impl Principal {
    /// The actor, if the key or session is valid now.
    fn authenticate(&self, tx: &mut dyn Tx) -> Result<Actor, Error> {
        let now = tx.now();
        match self {
            Self::Key(who) => {
                let actor =
                    tx.sessions().authenticate(&who.key, now)?.ok_or(AccountRefusal::Unauthenticated)?;
                tx.note_key_use(&who.key, &actor);
                Ok(actor)
            }
            Self::Session(open) => {
                Ok(tx.sessions().holder(open.session, now)?.ok_or(AccountRefusal::Unauthenticated)?)
            }
        }
    }
}

impl dyn Storage + '_ {
    /// Runs `work` as the principal, in a transaction that may write. The principal is authenticated in the same
    /// transaction, so a revoked key has no effect. All writes of users go through here, whatever the transport: they
    /// are rate limited, and rejected while the disk is nearly full.
    ///
    /// # Errors
    /// [`AccountRefusal::Unauthenticated`], [`Error::RateLimited`], [`Error::StorageFull`], what `work` rejects, or a
    /// fault.
    pub async fn write_as<T: Send + 'static>(
        &self,
        writing: impl Into<Writing>,
        work: impl Fn(&mut dyn Tx, &Actor) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let Writing { who, purpose, bytes } = writing.into();
        if let Principal::Key(credential) = who
            && !self.knows_key(&credential.key)
        {
            self.read_as(who, |_, _| Ok(())).await?;
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
                require_admin_when_full(tx, actor)?;
            }
            work(tx, actor)
        };
        self.run_as(Mode::Write, who, work).await
    }

    /// Runs `work` as the claimed principal, on one snapshot, without writing.
    ///
    /// # Errors
    /// [`AccountRefusal::Unauthenticated`], what `work` rejects, or a fault.
    pub async fn read_as<T: Send + 'static>(
        &self,
        who: impl Into<Principal>,
        work: impl Fn(&mut dyn Tx, &Actor) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        self.run_as(Mode::Read, who.into(), work).await
    }

    async fn run_as<T: Send + 'static>(
        &self,
        mode: Mode,
        who: Principal,
        work: impl Fn(&mut dyn Tx, &Actor) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let access = Access { mode, caller: self.caller(who) };
        let checked = move |tx: &mut dyn Tx| {
            let actor = who.authenticate(tx)?;
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

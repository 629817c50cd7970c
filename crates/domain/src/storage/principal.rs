//! The principal of a command: its credential comes with the request and is checked in the command's own transaction.

use crate::accounts::{AccountRefusal, Actor, FactorPolicy, KeyHash, Origin, Reach, permit};
use crate::error::Error;
use crate::ids::{SessionId, UserId};
use crate::network::Network;
use crate::storage::{Mode, Tx};

/// The credential of a request: the hash of its API key, not yet checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Credential {
    /// SHA-256 of the key.
    pub key: KeyHash,
    /// Where the request came from. Invalid keys share the turns of their network.
    pub network: Network,
    /// The client that sent the request.
    pub origin: Origin,
}

/// A session that was authenticated when a connection was opened. It may have ended since, so every command from the
/// connection checks it again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenSession {
    /// Whose it is.
    pub user: UserId,
    /// The session.
    pub session: SessionId,
    /// The key that opened the connection, if one did. A refresh may have replaced it, while the session goes on.
    pub key: Option<KeyHash>,
    /// The client that opened the connection.
    pub origin: Origin,
}

impl From<&Actor> for OpenSession {
    fn from(actor: &Actor) -> Self {
        Self { user: actor.id(), session: actor.session, key: None, origin: actor.origin }
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

/// A principal that asks for a command, and which sessions the command is open to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asking {
    pub(super) who: Principal,
    pub(super) reach: Reach,
}

impl Asking {
    /// Who asks.
    pub const fn principal(&self) -> Principal {
        self.who
    }

    /// The same, also for users who must choose another password first.
    #[must_use]
    pub const fn before_password_change(self) -> Self {
        Self { reach: self.reach.before_password_change(), ..self }
    }

    /// The same, also for users who lack a second factor that is required of them.
    #[must_use]
    pub const fn before_factor(self) -> Self {
        Self { reach: self.reach.before_factor(), ..self }
    }

    /// The same, also for tokens for some groups.
    #[must_use]
    pub const fn in_groups(self) -> Self {
        Self { reach: self.reach.in_groups(), ..self }
    }

    /// The actor, if the key or session is valid now and may have the command run, which reads or writes.
    pub(super) fn authenticate(
        &self,
        tx: &mut dyn Tx,
        mode: Mode,
        policy: FactorPolicy,
    ) -> Result<Actor, Error> {
        let actor = self.who.authenticate(tx)?;
        // Only where one is required, since this costs a statement.
        let holder = actor.factor.owner.unwrap_or(actor.id());
        let lacks_factor = policy.requires_of(actor.factor) && !tx.factors().has_any(holder)?;
        permit(&actor, mode, self.reach, lacks_factor)?;
        Ok(actor)
    }
}

macro_rules! asks {
    ($($principal:ident)+) => {$(
        impl From<$principal> for Asking {
            /// Unless something else is said, a command is open to the sessions that may do whatever their user may.
            fn from(who: $principal) -> Self {
                Self { who: who.into(), reach: Reach::USUAL }
            }
        }
    )+};
}

asks! { Principal Credential OpenSession }

impl Principal {
    /// The principal of a connection that this one has opened as this actor. It lasts as long as the session, however often
    /// that gets another key.
    #[must_use]
    pub fn opened(self, actor: &Actor) -> Self {
        let key = match self {
            Self::Key(who) => Some(who.key),
            Self::Session(open) => open.key,
        };
        Self::Session(OpenSession { key, ..OpenSession::from(actor) })
    }

    /// The actor, if the key or session is valid now.
    fn authenticate(&self, tx: &mut dyn Tx) -> Result<Actor, Error> {
        let now = tx.now();
        let (actor, origin) = match self {
            Self::Key(who) => {
                let actor =
                    tx.sessions().authenticate(&who.key, now)?.ok_or(AccountRefusal::Unauthenticated)?;
                tx.note_key_use(&who.key, &actor);
                (actor, who.origin)
            }
            Self::Session(open) => {
                let holder = tx.sessions().holder(open.session, now)?;
                let actor = holder.ok_or(AccountRefusal::Unauthenticated)?;
                // Of too many sessions, those unused for longest end: not one with a connection that is in use.
                if let Some(key) = &open.key {
                    tx.note_key_use(key, &actor);
                }
                (actor, open.origin)
            }
        };
        Ok(Actor { origin, ..actor })
    }
}

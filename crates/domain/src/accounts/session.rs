//! Sessions. Each API key belongs to one.

use std::fmt;
use std::time::Duration;

use crate::accounts::model::UserRef;
use crate::accounts::origin::Origin;
use crate::ids::{SessionId, UserId};
use crate::network::Network;
use crate::text::TextBytes;
use crate::time::Timestamp;

/// How long a key from a login is valid.
pub const LOGIN_LIFETIME: Duration = Duration::from_secs(30 * 24 * 3600);
/// How long a key that is issued with a new user is valid.
pub const PROVISIONED_LIFETIME: Duration = Duration::from_secs(3600);

/// How many sessions a user may have at a time, by default. A login ends sessions beyond that, those unused for longest
/// first.
pub const SESSIONS_PER_USER: u32 = 200;

/// SHA-256 of an API key or of a ticket. The key itself is never stored.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeyHash([u8; 32]);

impl KeyHash {
    /// Wraps a digest.
    pub const fn new(digest: [u8; 32]) -> Self {
        Self(digest)
    }

    /// The digest's bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for KeyHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyHash(…)")
    }
}

/// A secret that is returned once and not stored. `Debug` doesn't print it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a secret.
    pub fn new(secret: String) -> Self {
        Self(secret)
    }

    /// The secret itself, for its owner.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// How a session was created, which decides what it may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionKind {
    /// By a login with a password.
    Login,
    /// Issued with a new user, so that a provisioning script can act for the user at once. Valid for an hour, can't
    /// change credentials, and ends at the user's first login or password change.
    Provisioned,
}

/// Where a request came from, as far as it is known.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ClientInfo {
    /// The `User-Agent` header, truncated to a sensible length.
    pub user_agent: Option<String>,
    /// The network address.
    pub address: Option<std::net::IpAddr>,
}

impl ClientInfo {
    /// The network of the address.
    pub fn network(&self) -> Network {
        self.address.map_or(Network::UNKNOWN, Network::of)
    }
}

/// A session as its owner sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// The session's id.
    pub id: SessionId,
    /// How it was created.
    pub kind: SessionKind,
    /// A name that distinguishes the session. Sessions from a login have none.
    pub name: Option<String>,
    /// When it began.
    pub created_at: Timestamp,
    /// When it expires.
    pub expires_at: Timestamp,
    /// When its key was last used, to the minute.
    pub last_used_at: Option<Timestamp>,
    /// The program that signed in.
    pub user_agent: Option<String>,
    /// The address it signed in from.
    pub address: Option<String>,
}

impl TextBytes for Session {
    fn text_bytes(&self) -> usize {
        self.name.text_bytes() + self.user_agent.text_bytes() + self.address.text_bytes()
    }
}

/// A session that is about to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSession {
    /// The user.
    pub user: UserId,
    /// How it was created.
    pub kind: SessionKind,
    /// The hash of its key.
    pub key: KeyHash,
    /// When it begins.
    pub created_at: Timestamp,
    /// When it expires.
    pub expires_at: Timestamp,
    /// Where it came from.
    pub client: ClientInfo,
}

/// The user who makes a request. Only an identity: rights are read when needed, under a lock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// The user, as others see them.
    pub user: UserRef,
    /// The session of the key.
    pub session: SessionId,
    /// How that session was created.
    pub session_kind: SessionKind,
    /// Where the request comes from. The session may have begun elsewhere.
    pub origin: Origin,
}

impl Actor {
    /// The user's id.
    pub const fn id(&self) -> UserId {
        self.user.id
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_no_keys_and_secrets() {
        assert_eq!(format!("{:?}", KeyHash::new([7; 32])), "KeyHash(…)");
        assert_eq!(KeyHash::new([7; 32]).as_bytes(), &[7; 32]);
        assert_eq!(format!("{:?}", Secret::new("gc_secret".to_owned())), "Secret(…)");
        assert_eq!(Secret::new("gc_secret".to_owned()).reveal(), "gc_secret");
    }

    #[test]
    fn a_login_lasts_thirty_days_and_a_provisioned_key_an_hour() {
        assert_eq!(LOGIN_LIFETIME.as_secs(), 30 * 24 * 60 * 60);
        assert_eq!(PROVISIONED_LIFETIME.as_secs(), 60 * 60);
    }
}

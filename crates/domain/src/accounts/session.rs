//! Sessions. Each API key belongs to one.

use std::fmt;
use std::time::Duration;

use crate::accounts::factor_policy::FactorStanding;
use crate::accounts::model::UserRef;
use crate::accounts::origin::{Origin, UserAgent};
use crate::accounts::scope::{TokenGroups, TokenTerms};
use crate::ids::{GroupId, SessionId, UserId};
use crate::network::Network;
use crate::permissions::ServerRights;
use crate::text::{TextBytes, single_line, text_newtype};
use crate::time::Timestamp;
use crate::validation::Violation;

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

/// What the database knows of a session's refresh token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RefreshHashes {
    /// SHA-256 of what all tokens of the session have in common.
    pub selector: KeyHash,
    /// SHA-256 of what this token has for itself.
    pub verifier: KeyHash,
}

/// The name that a user gives the session of a device, or a token: 1–100 characters on one line, in any script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceName(String);
text_newtype!(DeviceName);

impl DeviceName {
    /// The maximum number of characters.
    pub const MAX_LENGTH: usize = 100;

    /// Normalizes and checks a name. Surrounding white space is removed.
    ///
    /// # Errors
    /// The rule that it breaks.
    pub fn parse(text: &str) -> Result<Self, Violation> {
        single_line(text, Self::MAX_LENGTH).map(Self)
    }
}

/// How a session was created, which decides what it may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SessionKind {
    /// By a login with a password.
    Login,
    /// Issued with a new user, so that a provisioning script can act for the user at once. Valid for an hour, can't
    /// change credentials, and ends at the user's first login or password change.
    Provisioned,
    /// Issued by its user for a program, which may do some of what the user may.
    Token(TokenTerms),
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
    /// The same, as requests carry it.
    pub fn origin(&self) -> Origin {
        Origin { address: self.address, user_agent: self.user_agent.as_deref().and_then(UserAgent::cut) }
    }

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
    /// The name of the device, if the login gave one.
    pub name: Option<DeviceName>,
    /// When it began.
    pub created_at: Timestamp,
    /// When it expires. If it has a refresh token, each refresh moves this further.
    pub expires_at: Timestamp,
    /// When its key expires, if it has a refresh token. Other keys last as long as their session.
    pub key_expires_at: Option<Timestamp>,
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
    /// The name of the device.
    pub name: Option<DeviceName>,
    /// Its first refresh token, if it has any.
    pub refresh: Option<NewRefresh>,
}

/// The first refresh token of a session that is about to be stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewRefresh {
    /// Its hashes.
    pub hashes: RefreshHashes,
    /// When the key that comes with it expires.
    pub key_expires_at: Timestamp,
    /// When the session ends, however often it is refreshed.
    pub ends_at: Timestamp,
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
    /// Whether the user must choose another password first.
    pub must_change_password: bool,
    /// What decides whether the user lacks a second factor.
    pub factor: FactorStanding,
    /// Where the request comes from. The session may have begun elsewhere.
    pub origin: Origin,
}

impl Actor {
    /// The user's id.
    pub const fn id(&self) -> UserId {
        self.user.id
    }

    /// What the session holds of these rights, which are the user's.
    pub(crate) const fn limit(&self, rights: ServerRights) -> ServerRights {
        match &self.session_kind {
            SessionKind::Token(terms) => terms.limit(&rights),
            SessionKind::Login | SessionKind::Provisioned => rights,
        }
    }

    /// The groups that the session is for; `None` if it is not only for some.
    pub fn token_groups(&self) -> Option<&TokenGroups> {
        match &self.session_kind {
            SessionKind::Token(terms) => terms.groups.as_ref(),
            SessionKind::Login | SessionKind::Provisioned => None,
        }
    }

    /// Whether the session is for this group, which the user may or may not know of.
    pub fn reaches(&self, group: GroupId) -> bool {
        self.token_groups().is_none_or(|groups| groups.contain(group))
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
    fn a_device_has_a_name_of_one_line() {
        assert_eq!(DeviceName::parse("  Ännes Laptop ").unwrap().as_str(), "Ännes Laptop");
        assert!(DeviceName::parse(&"é".repeat(100)).is_ok());
        for bad in ["", "  ", "two\nlines", &"x".repeat(101)] {
            assert!(DeviceName::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_login_lasts_thirty_days_and_a_provisioned_key_an_hour() {
        assert_eq!(LOGIN_LIFETIME.as_secs(), 30 * 24 * 60 * 60);
        assert_eq!(PROVISIONED_LIFETIME.as_secs(), 60 * 60);
    }
}

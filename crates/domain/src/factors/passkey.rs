//! Passkeys (WebAuthn): key pairs of which an authenticator has the private half.

use std::fmt;

use crate::factors::model::UsedSteps;
use crate::ids::{PasskeyId, UserId};
use crate::text::{TextBytes, single_line, text_newtype};
use crate::time::Timestamp;
use crate::validation::Violation;

/// How many passkeys a user can have.
pub const MAX_PASSKEYS: usize = 20;

/// The name that a user gives a passkey: 1–100 characters on one line, in any script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasskeyName(String);
text_newtype!(PasskeyName);

impl PasskeyName {
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

/// What an authenticator calls a passkey: at most 1,023 bytes, which nobody guesses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CredentialId(Vec<u8>);

impl CredentialId {
    /// The most bytes that one has (WebAuthn, section 4, "Credential ID").
    pub const MAX_BYTES: usize = 1_023;

    /// Wraps an id; `None` if it is empty or too long.
    pub fn new(bytes: Vec<u8>) -> Option<Self> {
        (1..=Self::MAX_BYTES).contains(&bytes.len()).then_some(Self(bytes))
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// What has to be known of a passkey to check what it signs: its public key, how often it has signed, and whether it is
/// backed up. Only [`Ceremonies`](super::Ceremonies) reads it.
#[derive(Clone, PartialEq, Eq)]
pub struct CredentialRecord(String);

impl CredentialRecord {
    /// The most bytes that one has.
    pub const MAX_BYTES: usize = 8_192;

    /// Wraps a record; `None` if it is empty or too long.
    pub fn new(text: String) -> Option<Self> {
        (1..=Self::MAX_BYTES).contains(&text.len()).then_some(Self(text))
    }

    /// Wraps what was stored.
    pub const fn from_stored(text: String) -> Self {
        Self(text)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for CredentialRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CredentialRecord(…)")
    }
}

/// A passkey as its owner sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Passkey {
    /// Its id.
    pub id: PasskeyId,
    /// What its owner calls it.
    pub name: PasskeyName,
    /// When it was registered.
    pub created_at: Timestamp,
    /// When it was last used to sign in.
    pub last_used_at: Option<Timestamp>,
}

impl TextBytes for Passkey {
    fn text_bytes(&self) -> usize {
        self.name.text_bytes()
    }
}

/// A passkey as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredPasskey {
    /// Its id.
    pub id: PasskeyId,
    /// Whose it is.
    pub user: UserId,
    /// What is known of it.
    pub record: CredentialRecord,
    /// In which ceremonies it was used lately.
    pub used: UsedSteps,
}

/// A passkey that is about to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPasskey {
    /// Whose it is.
    pub user: UserId,
    /// What its authenticator calls it.
    pub credential: CredentialId,
    /// What is known of it.
    pub record: CredentialRecord,
    /// What its owner calls it.
    pub name: PasskeyName,
    /// To which host authenticators have bound it.
    pub host: String,
    /// When it is registered.
    pub created_at: Timestamp,
}

/// The host of a site, such as `https://chat.example.org:8443`, to which authenticators bind passkeys (WebAuthn, section
/// 5.1.2): neither the scheme nor the port matters.
pub(super) fn host_of(site: &str) -> String {
    let host = site.split_once("://").map_or(site, |(_, rest)| rest);
    host.split([':', '/']).next().unwrap_or_default().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_site_has_a_host() {
        for site in ["https://chat.example.org", "http://Chat.Example.org:8443", "https://chat.example.org/"]
        {
            assert_eq!(host_of(site), "chat.example.org");
        }
        assert_eq!(host_of("http://localhost:5000"), "localhost");
    }

    #[test]
    fn ids_and_records_have_bounds() {
        assert_eq!(CredentialId::new(Vec::new()), None);
        assert_eq!(CredentialId::new(vec![7; 1_023]).map(|id| id.as_bytes().len()), Some(1_023));
        assert_eq!(CredentialId::new(vec![7; 1_024]), None);
        assert_eq!(CredentialRecord::new(String::new()), None);
        assert!(CredentialRecord::new("x".repeat(8_192)).is_some());
        assert_eq!(CredentialRecord::new("x".repeat(8_193)), None);
        assert_eq!(format!("{:?}", CredentialRecord::from_stored("key".to_owned())), "CredentialRecord(…)");
        assert!(PasskeyName::parse(" Ännes Telefon ").is_ok() && PasskeyName::parse("two\nlines").is_err());
    }
}

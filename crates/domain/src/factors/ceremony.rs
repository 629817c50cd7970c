//! What an authenticator and the server do together: registering a passkey, and showing to have one.
//!
//! A ceremony has two steps, and the server has to remember between them what it has asked for. What it remembers goes to the
//! client, sealed and bound to who began the ceremony and for what. So nobody fills the database by beginning many.

use std::fmt;
use std::time::Duration;

use crate::accounts::Secret;
use crate::factors::error::FactorRefusal;
use crate::factors::model::Step;
use crate::factors::passkey::{CredentialId, CredentialRecord};
use crate::ids::UserId;
use crate::time::Timestamp;

/// How long a ceremony may take.
pub const CEREMONY_LIFETIME: Duration = Duration::from_secs(5 * 60);

/// How far the clock of the server that began a ceremony may be ahead of the one that ends it.
pub const CEREMONY_SKEW: Duration = Duration::from_secs(60);

/// A ceremony that has begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ceremony {
    /// What the client shows when it is over.
    pub token: Secret,
    /// What the client hands to the browser: JSON.
    pub options: String,
}

/// A ceremony that is over, as a client shows it.
#[derive(Clone, PartialEq, Eq)]
pub struct ShownCeremony {
    /// The token of its beginning.
    pub token: Secret,
    /// What the browser has returned: JSON.
    pub credential: String,
}

impl fmt::Debug for ShownCeremony {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ShownCeremony(…)")
    }
}

/// What a ceremony is for, and of whom. A ceremony for something else is not valid.
#[derive(Clone, PartialEq, Eq)]
pub struct Purpose(String);

impl Purpose {
    /// Registering a passkey of a user whose password, with this hash, was right.
    pub fn registration(user: UserId, password: &str) -> Self {
        Self(format!("passkey.register:{}:{password}", user.get()))
    }

    /// Finishing the login with this ticket.
    pub fn second_factor(ticket: &[u8]) -> Self {
        let hex: String = ticket.iter().map(|byte| format!("{byte:02x}")).collect();
        Self(format!("passkey.factor:{hex}"))
    }

    /// Signing in, whoever it is.
    pub fn sign_in() -> Self {
        Self("passkey.login".to_owned())
    }

    /// The text that a ceremony is sealed with.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Purpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Purpose(…)")
    }
}

/// A ceremony, as far as it is the server's to say.
#[derive(Debug, Clone, Copy)]
pub struct Terms<'a> {
    /// The public address of the server.
    pub site: &'a str,
    /// What for.
    pub purpose: &'a Purpose,
    /// When it is.
    pub now: Timestamp,
}

/// Whom a passkey is registered for.
#[derive(Debug, Clone, Copy)]
pub struct PasskeyOwner<'a> {
    /// Who.
    pub user: UserId,
    /// The name to sign in with.
    pub username: &'a str,
    /// The name that others see.
    pub display_name: &'a str,
}

/// Who has shown which passkey.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asserted {
    /// What is known of the passkey from now on.
    pub record: CredentialRecord,
    /// What tells this ceremony from others, to be used once.
    pub mark: Step,
}

/// Why a ceremony can't begin or was in vain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CeremonyError {
    /// The public address is none that passkeys can be bound to.
    #[error("passkeys need a public address with a name")]
    NoSite,
    /// The server has no key for secrets.
    #[error("the server has no key for secrets")]
    NoKey,
    /// The ceremony is for something else, too old, or made up.
    #[error("the ceremony is not valid")]
    Expired,
    /// What the authenticator has answered is wrong.
    #[error("the answer of the authenticator is not valid")]
    Wrong,
}

impl From<CeremonyError> for FactorRefusal {
    fn from(error: CeremonyError) -> Self {
        match error {
            CeremonyError::NoSite => Self::NoSite,
            CeremonyError::NoKey => Self::NoKey,
            CeremonyError::Expired | CeremonyError::Wrong => Self::WrongPasskey,
        }
    }
}

/// Begins ceremonies and checks how they end (WebAuthn level 3, section 7). All passkeys are discoverable, and all
/// ceremonies verify the user. A ceremony lasts [`CEREMONY_LIFETIME`]; one whose end is further away was begun by a clock that
/// was ahead, and is none. MUST NOT reach out to anything.
#[cfg_attr(test, mockall::automock)]
pub trait Ceremonies: Send + Sync {
    /// Begins to register a passkey on an authenticator that has none of these.
    ///
    /// # Errors
    /// [`CeremonyError::NoSite`], [`CeremonyError::NoKey`].
    fn begin_registration<'a>(
        &self,
        terms: &Terms<'a>,
        owner: &PasskeyOwner<'a>,
        known: &[CredentialId],
    ) -> Result<Ceremony, CeremonyError>;

    /// The passkey that was registered.
    ///
    /// # Errors
    /// [`CeremonyError`].
    fn finish_registration<'a>(
        &self,
        terms: &Terms<'a>,
        shown: &ShownCeremony,
    ) -> Result<(CredentialId, CredentialRecord), CeremonyError>;

    /// Begins to ask for one of these passkeys, or for any if there are none.
    ///
    /// # Errors
    /// [`CeremonyError::NoSite`], [`CeremonyError::NoKey`].
    fn begin_assertion<'a>(&self, terms: &Terms<'a>, of: &[CredentialId]) -> Result<Ceremony, CeremonyError>;

    /// Which passkey a credential claims to be; `None` if it is none.
    fn identify(&self, credential: &str) -> Option<CredentialId>;

    /// Checks whether a passkey of this user, with this record, was shown.
    ///
    /// # Errors
    /// [`CeremonyError`].
    fn finish_assertion<'a>(
        &self,
        terms: &Terms<'a>,
        shown: &ShownCeremony,
        user: UserId,
        record: &CredentialRecord,
    ) -> Result<Asserted, CeremonyError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_purpose_is_another_and_none_is_printed() {
        let user = UserId::new(7);
        let all = [
            Purpose::registration(user, "hash"),
            Purpose::registration(user, "other"),
            Purpose::registration(UserId::new(8), "hash"),
            Purpose::second_factor(&[1, 0xff]),
            Purpose::second_factor(&[1, 0xfe]),
            Purpose::sign_in(),
        ];
        for (place, purpose) in all.iter().enumerate() {
            assert_eq!(all.iter().position(|other| other == purpose), Some(place));
            assert_eq!(format!("{purpose:?}"), "Purpose(…)");
        }
        let shown = ShownCeremony { token: Secret::new("t".to_owned()), credential: "{}".to_owned() };
        assert_eq!(format!("{shown:?}"), "ShownCeremony(…)");
    }

    #[test]
    fn what_went_wrong_is_told_alike() {
        assert_eq!(FactorRefusal::from(CeremonyError::Expired), FactorRefusal::WrongPasskey);
        assert_eq!(FactorRefusal::from(CeremonyError::Wrong), FactorRefusal::WrongPasskey);
        assert_eq!(FactorRefusal::from(CeremonyError::NoSite), FactorRefusal::NoSite);
        assert_eq!(FactorRefusal::from(CeremonyError::NoKey), FactorRefusal::NoKey);
    }
}

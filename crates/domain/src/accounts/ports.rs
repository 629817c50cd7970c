//! What accounts need of the outside world besides the database.

use std::time::Duration;

use crate::accounts::model::{Password, PasswordHash, UsernameKey};
use crate::accounts::session::{KeyHash, Secret};
use crate::error::Error;
use crate::ids::UserId;
use crate::network::Network;
use crate::storage::BoxFuture;

/// Hashes passwords, off the threads that serve requests. MUST answer [`Error::Busy`] at once when too many
/// wait already.
#[cfg_attr(test, mockall::automock)]
pub trait PasswordHasher: Send + Sync {
    /// Hashes a new password.
    fn hash(&self, password: Password) -> BoxFuture<'static, Result<PasswordHash, Error>>;

    /// Whether the text is the password behind the hash. With no hash (no such user) it MUST take as long as
    /// with one, and say no. Text that could never be a password is a no, not an error, as slowly.
    fn verify(&self, attempt: Secret, hash: Option<PasswordHash>) -> BoxFuture<'static, Result<bool, Error>>;
}

/// A key that was just made: the secret for its owner and the hash for the database.
#[derive(Debug, Clone)]
pub struct IssuedKey {
    /// The key, shown once.
    pub secret: Secret,
    /// What is stored of it.
    pub hash: KeyHash,
}

/// Makes and reads API keys.
#[cfg_attr(test, mockall::automock)]
pub trait ApiKeys: Send + Sync {
    /// A new key of 256 random bits.
    fn issue(&self) -> IssuedKey;

    /// The hash of a key that a caller showed.
    fn digest(&self, key: &str) -> KeyHash;

    /// A new password of at least 100 random bits that a person can type.
    fn generate_password(&self) -> Password;
}

/// A try at a password, and for whom it counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PasswordTry {
    /// Somebody signs in.
    SignIn {
        /// Where from.
        network: Network,
        /// As whom.
        account: UsernameKey,
    },
    /// Somebody signed in shows their present password again. Counts for them alone, so that no stranger can
    /// use up these tries.
    OwnPassword(UserId),
}

/// Counts tries at passwords. A try is taken before the password is looked at and given back when it was
/// right, so that many tries at once can't slip through, and people who know their password are never
/// slowed by each other.
#[cfg_attr(test, mockall::automock)]
pub trait LoginAttempts: Send + Sync {
    /// Takes a try of each for whom it counts: to sign in, of the network, of the account from that network,
    /// and of the account from everywhere. The last MUST have far more than the others, so that a stranger
    /// who tries from elsewhere doesn't lock its owner out.
    ///
    /// # Errors
    /// How long until the next try is allowed, if any of them has none left; then none is taken.
    fn take(&self, attempt: &PasswordTry) -> Result<(), Duration>;

    /// Gives a try back.
    fn give_back(&self, attempt: &PasswordTry);
}

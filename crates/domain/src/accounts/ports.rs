//! What accounts need of the outside world besides the database.

use std::net::IpAddr;
use std::time::Duration;

use crate::accounts::model::{Password, PasswordHash, UsernameKey};
use crate::accounts::session::{KeyHash, Secret};
use crate::error::Error;
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

/// Counts tries to sign in. A try is taken before the password is looked at and given back when it was
/// right, so that many tries at once can't slip through, and people who know their password are never
/// slowed by each other.
#[cfg_attr(test, mockall::automock)]
pub trait LoginAttempts: Send + Sync {
    /// Takes one try of the address and one of the account.
    ///
    /// # Errors
    /// When the next try is allowed, if either has none left; then none is taken.
    fn take(&self, address: Option<IpAddr>, account: &UsernameKey) -> Result<(), Duration>;

    /// Gives a try back.
    fn give_back(&self, address: Option<IpAddr>, account: &UsernameKey);
}

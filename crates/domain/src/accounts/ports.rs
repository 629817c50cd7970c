//! The ports of accounts to the outside world, other than the database.

use std::time::Duration;

use crate::accounts::model::{HashCost, Password, PasswordHash, Username, UsernameKey};
use crate::accounts::session::{KeyHash, Secret};
use crate::error::Error;
use crate::ids::UserId;
use crate::network::Network;
use crate::storage::BoxFuture;

/// On whose behalf a password is hashed: hashing is slow, so callers wait for each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HashCaller {
    /// The server itself, or whoever runs it.
    System,
    /// Somebody who is signed in.
    User(UserId),
    /// Somebody who wants to sign in.
    SignIn {
        /// Where from.
        network: Network,
        /// As whom.
        account: UsernameKey,
        /// Whether somebody, whoever, signed in from there lately. Whose account it was makes no difference, or how long
        /// one waits would tell who signed in from where.
        from_known_network: bool,
    },
}

/// A password to verify.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasswordCheck {
    /// What somebody typed.
    pub typed: Secret,
    /// What it is to match, if there is anything.
    pub hash: Option<PasswordHash>,
    /// The highest cost of all hashes that are stored, which a no has to take.
    pub highest_cost: Option<HashCost>,
}

/// What came of a [`PasswordCheck`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verification {
    /// It doesn't match.
    Wrong,
    /// It matches.
    Right,
    /// It matches, but a hash made now would be another: of another cost, or of the normalised password.
    RightButOutdated,
}

/// Hashes passwords, off the threads that serve requests. MUST give callers turns: those who are signed in, and those
/// from known networks, before strangers, and few to each. MUST answer [`Error::Busy`] at once when too many wait
/// already, and give up the place of a caller who drops the future.
#[cfg_attr(test, mockall::automock)]
pub trait PasswordHasher: Send + Sync {
    /// Hashes a new password.
    fn hash(&self, caller: HashCaller, password: Password)
    -> BoxFuture<'static, Result<PasswordHash, Error>>;

    /// Whether the text, normalised or else as typed, is the password behind the hash. A no MUST take as long with no
    /// hash (no such user) as with one, whatever its cost: as a hash of the highest cost. Text that could never be a
    /// password is a no, not an error, as slowly.
    fn verify(
        &self,
        caller: HashCaller,
        check: PasswordCheck,
    ) -> BoxFuture<'static, Result<Verification, Error>>;
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
    /// The same, from a network from which this account has not signed in lately. Taken in addition.
    FromUnknownNetwork {
        /// Where from.
        network: Network,
        /// As whom.
        account: UsernameKey,
    },
    /// Somebody signed in shows their present password again. Counts for them alone, so that no stranger can
    /// use up these tries.
    OwnPassword(UserId),
}

/// Of which tries one was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TakenOf {
    /// Of those that there are as a rule.
    Usual,
    /// Of those that are left to an unknown network when the account's from all of these are used up.
    Reserve,
}

/// Counts tries at passwords. A try is taken before the password is looked at and given back when it was
/// right, so that many tries at once can't slip through, and people who know their password are never
/// slowed by each other.
#[cfg_attr(test, mockall::automock)]
pub trait LoginAttempts: Send + Sync {
    /// Takes a try of each for whom it counts: to sign in, of the network, and of the account from that network; from an
    /// unknown network, also of the account from all unknown networks. When those are used up, each such network MUST
    /// still have a few that no other can use up: nobody keeps an account's owner out by guessing from elsewhere.
    ///
    /// # Errors
    /// How long until the next try is allowed, if any of them has none left; then none is taken.
    fn take(&self, attempt: &PasswordTry) -> Result<TakenOf, Duration>;

    /// Gives a try back to those that it was taken of.
    fn give_back(&self, attempt: &PasswordTry, of: TakenOf);
}

/// A try to sign in that failed for a wrong username or password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FailedLogin<'a> {
    /// Where from.
    pub address: Option<std::net::IpAddr>,
    /// Whose password was wrong; `None` where there is no such user. What was typed then is told to nobody: it may well
    /// be a password in the wrong field.
    pub username: Option<&'a Username>,
}

/// Is told of failed logins, for whoever watches the server.
#[cfg_attr(test, mockall::automock)]
pub trait LoginJournal: Send + Sync {
    /// Notes a failed login.
    fn failed<'a>(&self, login: FailedLogin<'a>);
}

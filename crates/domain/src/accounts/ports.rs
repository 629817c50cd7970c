//! The ports of accounts to the outside world, other than the database.

use std::time::Duration;

use crate::accounts::model::{HashCost, Password, PasswordHash, Username, UsernameKey};
use crate::accounts::refresh_token::{IssuedRefresh, RefreshToken, Salt};
use crate::accounts::session::{KeyHash, Secret};
use crate::error::Error;
use crate::ids::UserId;
use crate::network::Network;
use crate::storage::BoxFuture;

/// On whose behalf a password is hashed. Hashing is slow, so callers wait in a queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HashCaller {
    /// The server itself, or its operator.
    System,
    /// A signed-in user.
    User(UserId),
    /// A caller who signs in.
    SignIn {
        /// The network of the caller.
        network: Network,
        /// The account.
        account: UsernameKey,
        /// Whether any user signed in from there recently, or the caller shows a device of the account. It must not depend
        /// on anything else of the account, or the waiting time would reveal who signed in from where.
        is_known: bool,
    },
}

/// A password to verify.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasswordCheck {
    /// The text that the caller typed.
    pub typed: Secret,
    /// The hash that it must match, if there is one.
    pub hash: Option<PasswordHash>,
    /// The highest cost of all stored hashes, which determines how long a wrong answer takes.
    pub highest_cost: Option<HashCost>,
}

/// The result of a [`PasswordCheck`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verification {
    /// The password doesn't match.
    Wrong,
    /// The password matches.
    Right,
    /// The password matches, but a new hash would differ, in its cost or because the password is now normalized.
    RightButOutdated,
}

/// Judges and hashes passwords, on other threads than those that serve requests. MUST let callers take turns: signed-in users and
/// callers from known networks before strangers, and few entries for each. MUST return [`Error::Busy`] at once if the
/// queue is full, and free the place of a caller who drops the future.
#[cfg_attr(test, mockall::automock)]
pub trait PasswordHasher: Send + Sync {
    /// Whether a new password is one that guessers try early: a common one, or one that is near to a word that is known
    /// of its user. At most the first five of these words are looked at. Unless this is implemented, no password is.
    fn is_easy_to_guess(
        &self,
        _caller: HashCaller,
        _password: Password,
        _known: Vec<String>,
    ) -> BoxFuture<'static, Result<bool, Error>> {
        Box::pin(async { Ok(false) })
    }

    /// Hashes a new password.
    fn hash(&self, caller: HashCaller, password: Password)
    -> BoxFuture<'static, Result<PasswordHash, Error>>;

    /// Whether the text, normalized or as typed, is the password of the hash. A wrong answer MUST always take as long
    /// as a hash with the highest cost, with a hash of any cost and without one (no such user). Text that can't be a
    /// password is a wrong answer, not an error, and takes equally long.
    fn verify(
        &self,
        caller: HashCaller,
        check: PasswordCheck,
    ) -> BoxFuture<'static, Result<Verification, Error>>;
}

/// A new key: the secret for its owner and the hash for the database.
#[derive(Debug, Clone)]
pub struct IssuedKey {
    /// The key, returned only once.
    pub secret: Secret,
    /// The hash to store.
    pub hash: KeyHash,
}

/// The key and the refresh token that follow a refresh token.
#[derive(Debug, Clone)]
pub struct NextPair {
    /// The key.
    pub key: IssuedKey,
    /// The token. It has the selector of the one before.
    pub refresh: IssuedRefresh,
}

/// Generates and hashes API keys, refresh tokens and tokens of devices.
#[cfg_attr(test, mockall::automock)]
pub trait ApiKeys: Send + Sync {
    /// A new key of 256 random bits.
    fn issue(&self) -> IssuedKey;

    /// A token of 256 random bits, with a checksum that secret scanners know.
    fn issue_token(&self) -> IssuedKey;

    /// A ticket for a login that lacks a second factor: 256 random bits.
    fn issue_login_ticket(&self) -> IssuedKey;

    /// The hash of a key, or a ticket, that a caller sent.
    fn digest(&self, key: &str) -> KeyHash;

    /// A new password of at least 100 random bits that a person can type.
    fn generate_password(&self) -> Password;

    /// A token for a device, of 256 random bits.
    fn issue_device(&self) -> IssuedKey;

    /// The hash of a device's token that a caller sent. `None` if it was never issued, as far as its checksum tells.
    fn read_device(&self, token: &str) -> Option<KeyHash>;

    /// The first refresh token of a session: a selector of 128 random bits and a verifier of 256.
    fn issue_refresh(&self) -> IssuedRefresh;

    /// A refresh token that a caller sent. `None` if it was mistyped or never issued, as far as its checksum tells.
    fn read_refresh(&self, token: &str) -> Option<RefreshToken>;

    /// 256 random bits.
    fn salt(&self) -> Salt;

    /// What follows a token by a salt. MUST always be the same, and MUST tell nothing to somebody who lacks the token
    /// or the salt.
    fn derive(&self, token: &RefreshToken, salt: &Salt) -> NextPair;
}

/// An attempt at a password, or at the code of an invite link, and the limits that it counts toward.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PasswordAttempt {
    /// A login.
    SignIn {
        /// The network of the caller.
        network: Network,
        /// The account.
        account: UsernameKey,
    },
    /// The same, from a network from which this account has not signed in recently. Counted in addition.
    FromUnknownNetwork {
        /// The network of the caller.
        network: Network,
        /// The account.
        account: UsernameKey,
    },
    /// A login on a device on which this account has signed in recently. Counts for that device alone, so that no stranger
    /// can use up these attempts.
    FromKnownDevice(KeyHash),
    /// A signed-in user enters the current password again. Counts for that user alone, so that no stranger can use up
    /// these attempts.
    OwnPassword(UserId),
    /// A one-time password of this user, from whomever, with whatever ticket.
    Passcode(UserId),
    /// A recovery code of this user. Counted by itself, so that nobody who guesses one-time passwords keeps the user from
    /// this way in.
    RecoveryCode(UserId),
    /// Somebody signs up. Returned to those who are invited.
    SignUp(Network),
    /// A signed-in user sends the code of an invite link.
    LinkCode {
        /// The network of the caller.
        network: Network,
        /// The caller.
        user: UserId,
    },
}

/// The limit that an attempt was taken from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AttemptPool {
    /// The ordinary limit.
    Usual,
    /// The reserve of an unknown network, after the shared attempts of all unknown networks are used up.
    Reserve,
}

/// Limits login attempts, and attempts at codes. An attempt is taken before the password is checked and returned if it was right. So a burst
/// of parallel attempts can't slip through, and people who know their password never slow each other down.
#[cfg_attr(test, mockall::automock)]
pub trait LoginRateLimiter: Send + Sync {
    /// Takes an attempt from each limit that it counts toward: for a login, that of the network and that of the account
    /// from that network; for a code, that of the network and that of the user; on a known device, that of the device; from an unknown network, also that of the account from all unknown networks. When that is
    /// used up, each such network MUST still have a few attempts that no other can use up, so that nobody can lock out
    /// an account's owner by guessing from elsewhere.
    ///
    /// # Errors
    /// The time until the next attempt is allowed, if any limit is used up. Then nothing is taken.
    fn take(&self, attempt: &PasswordAttempt) -> Result<AttemptPool, Duration>;

    /// Returns an attempt that was not judged to the limits that it was taken from.
    fn refund(&self, attempt: &PasswordAttempt, of: AttemptPool);

    /// Returns an attempt that was right. Where attempts take longer and longer to come back, they take as long as usual
    /// again.
    fn succeed(&self, attempt: &PasswordAttempt, of: AttemptPool) {
        self.refund(attempt, of);
    }
}

/// A login that failed because of a wrong username or password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FailedLogin<'a> {
    /// The address of the client.
    pub address: Option<std::net::IpAddr>,
    /// The user whose password was wrong; `None` if there is no such user. The typed text is not included, because it
    /// may be a password in the wrong field.
    pub username: Option<&'a Username>,
}

/// Records failed logins, and sessions that ended because somebody may have stolen their tokens, for operators.
#[cfg_attr(test, mockall::automock)]
pub trait LoginJournal: Send + Sync {
    /// Records a failed login.
    fn failed<'a>(&self, login: FailedLogin<'a>);

    /// Records that a refresh token was used again and its session ended.
    fn refresh_reused(&self, address: Option<std::net::IpAddr>, username: &Username);
}

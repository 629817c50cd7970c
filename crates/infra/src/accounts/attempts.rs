//! Limits on login attempts, by network and by account, and on attempts at the codes of invite links.

mod bucket_size;
mod buckets;

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hash};
use std::sync::PoisonError;
use std::time::{Duration, Instant};

pub use self::bucket_size::BucketSize;
use self::buckets::Buckets;
use crate::executor::sync::{Mutex, MutexGuard};
use groupchat_domain::accounts::{AttemptPool, LoginRateLimiter, PasswordAttempt};

/// How long an attempt from an address takes to come back at most. Many people may share an address, so a few who guess
/// must not keep the others out for long.
const LONGEST_PER_ADDRESS: Duration = Duration::from_secs(60);

/// How long an attempt at an account takes to come back at most.
const LONGEST_PER_ACCOUNT: Duration = Duration::from_secs(15 * 60);

/// Counts attempts in memory. A restart forgets them.
#[derive(Debug)]
pub struct InMemoryLoginRateLimiter {
    hasher: RandomState,
    kinds: Mutex<Kinds>,
}

/// The buckets, by what they count.
type Kinds = [Buckets; 11];

/// Logins from a network, to any account.
const NETWORKS: usize = 0;
/// Logins to an account from one network.
const ACCOUNTS_FROM_NETWORK: usize = 1;
/// Logins to an account from all networks unknown to it.
const ACCOUNTS: usize = 2;
/// Logins to an account from one unknown network, after the shared bucket is empty.
const GUARDED_ACCOUNTS: usize = 3;
/// Attempts of users at their own passwords.
const OWN_PASSWORDS: usize = 4;
/// Codes of invite links, from a network.
const CODES_FROM_NETWORK: usize = 5;
/// Codes of invite links, from a user.
const CODES_FROM_USER: usize = 6;
/// Logins on a device of the account.
const DEVICES: usize = 7;
/// One-time passwords of a user.
const PASSCODES: usize = 8;
/// Recovery codes of a user.
const RECOVERY_CODES: usize = 9;

/// New accounts, and wrong codes of invites, from a network.
const SIGN_UPS: usize = 10;

/// A bucket: its kind and its key.
type BucketKey = (usize, u64);

impl InMemoryLoginRateLimiter {
    /// Starts with full buckets. `per_account` applies to an account from one network, to a known device, to users who
    /// enter their own password, and to users who send codes. All networks unknown to an account share ten times as much. When that is used up, each of them has one
    /// attempt, so that nobody can lock out the owner from elsewhere.
    pub fn new(per_address: BucketSize, per_account: BucketSize) -> Self {
        let at_account = |allowance| Buckets::growing(allowance, LONGEST_PER_ACCOUNT);
        let kinds = [
            Buckets::growing(per_address, LONGEST_PER_ADDRESS),
            at_account(per_account),
            at_account(per_account.tenfold()),
            at_account(per_account.single()),
            Buckets::steady(per_account),
            Buckets::steady(per_address),
            Buckets::steady(per_account),
            at_account(per_account),
            Buckets::steady(per_account.scarce()),
            Buckets::steady(per_account),
            Buckets::steady(BucketSize::SIGN_UP),
        ];
        Self { hasher: RandomState::new(), kinds: Mutex::new(kinds) }
    }

    fn take_at(&self, now: Instant, attempt: &PasswordAttempt) -> Result<AttemptPool, Duration> {
        let usual = self.take_of(AttemptPool::Usual, now, attempt);
        let reserve = || self.take_of(AttemptPool::Reserve, now, attempt);
        usual.or_else(|wait| reserve().map_err(|longer| longer.min(wait)))
    }

    /// Takes a token from each bucket that the attempt counts in, or from none.
    fn take_of(
        &self,
        of: AttemptPool,
        now: Instant,
        attempt: &PasswordAttempt,
    ) -> Result<AttemptPool, Duration> {
        let keys = self.keys(attempt, of);
        let mut kinds = self.lock();
        let wait = keys.iter().map(|(kind, key)| kinds[*kind].wait(now, *key)).max();
        match wait {
            None => return Err(Duration::MAX),
            Some(wait) if !wait.is_zero() => return Err(wait),
            Some(_) => {}
        }
        for (kind, key) in keys {
            kinds[kind].take(now, key);
        }
        Ok(of)
    }

    /// The buckets that an attempt counts in, or none if it has no reserve. Keys are hashed, so that a long made-up
    /// name uses no more memory, with secret random keys, so that nobody can choose a name that shares another's
    /// bucket.
    fn keys(&self, attempt: &PasswordAttempt, of: AttemptPool) -> Vec<BucketKey> {
        match (attempt, of) {
            (PasswordAttempt::SignIn { network, account }, AttemptPool::Usual) => {
                vec![(NETWORKS, self.key(network)), (ACCOUNTS_FROM_NETWORK, self.key((network, account)))]
            }
            (PasswordAttempt::FromUnknownNetwork { account, .. }, AttemptPool::Usual) => {
                vec![(ACCOUNTS, self.key(account))]
            }
            (PasswordAttempt::FromUnknownNetwork { network, account }, AttemptPool::Reserve) => {
                vec![(GUARDED_ACCOUNTS, self.key((network, account)))]
            }
            (PasswordAttempt::FromKnownDevice(device), AttemptPool::Usual) => {
                vec![(DEVICES, self.key(device))]
            }
            (PasswordAttempt::SignUp(network), AttemptPool::Usual) => vec![(SIGN_UPS, self.key(network))],
            (PasswordAttempt::OwnPassword(user), AttemptPool::Usual) => vec![(OWN_PASSWORDS, self.key(user))],
            (PasswordAttempt::LinkCode { network, user }, AttemptPool::Usual) => {
                vec![(CODES_FROM_NETWORK, self.key(network)), (CODES_FROM_USER, self.key(user))]
            }
            (PasswordAttempt::Passcode(user), AttemptPool::Usual) => vec![(PASSCODES, self.key(user))],
            (PasswordAttempt::RecoveryCode(user), AttemptPool::Usual) => {
                vec![(RECOVERY_CODES, self.key(user))]
            }
            (
                PasswordAttempt::SignIn { .. }
                | PasswordAttempt::FromKnownDevice(_)
                | PasswordAttempt::SignUp(_)
                | PasswordAttempt::OwnPassword(_)
                | PasswordAttempt::Passcode(_)
                | PasswordAttempt::RecoveryCode(_)
                | PasswordAttempt::LinkCode { .. },
                AttemptPool::Reserve,
            ) => Vec::new(),
        }
    }

    fn key(&self, value: impl Hash) -> u64 {
        self.hasher.hash_one(value)
    }

    fn lock(&self) -> MutexGuard<'_, Kinds> {
        self.kinds.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for InMemoryLoginRateLimiter {
    /// With [`BucketSize::PER_ADDRESS`] and [`BucketSize::PER_ACCOUNT`].
    fn default() -> Self {
        Self::new(BucketSize::PER_ADDRESS, BucketSize::PER_ACCOUNT)
    }
}

impl LoginRateLimiter for InMemoryLoginRateLimiter {
    fn take(&self, attempt: &PasswordAttempt) -> Result<AttemptPool, Duration> {
        self.take_at(Instant::now(), attempt)
    }

    fn refund(&self, attempt: &PasswordAttempt, of: AttemptPool) {
        // Only to the bucket it came from. Otherwise an attempt that fails because the server is busy would refill
        // other buckets.
        let keys = self.keys(attempt, of);
        let mut kinds = self.lock();
        for (kind, key) in keys {
            kinds[kind].refund(key);
        }
    }

    fn succeed(&self, attempt: &PasswordAttempt, of: AttemptPool) {
        let keys = self.keys(attempt, of);
        let mut kinds = self.lock();
        for (kind, key) in keys {
            kinds[kind].refund(key);
            kinds[kind].forgive(key);
        }
    }
}

#[cfg(test)]
mod tests;

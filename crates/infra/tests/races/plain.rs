//! Stand-ins for the slow and the random: a race is about the database.

use std::time::Duration;

use groupchat_domain::Error;
use groupchat_domain::accounts::{
    AttemptPool, FailedLogin, HashCaller, LoginJournal, LoginRateLimiter, Password, PasswordAttempt,
    PasswordCheck, PasswordHash, PasswordHasher, Verification,
};
use groupchat_domain::storage::BoxFuture;

/// "Hashes" at once: what is stored is the password.
pub(crate) struct PlainHasher;

impl PasswordHasher for PlainHasher {
    fn hash(&self, _: HashCaller, password: Password) -> BoxFuture<'static, Result<PasswordHash, Error>> {
        Box::pin(async move { Ok(PasswordHash::from_stored(password.reveal().to_owned())) })
    }

    fn verify(&self, _: HashCaller, check: PasswordCheck) -> BoxFuture<'static, Result<Verification, Error>> {
        let is_right = check.hash.is_some_and(|hash| hash.as_str() == check.typed.reveal());
        Box::pin(async move { Ok(if is_right { Verification::Right } else { Verification::Wrong }) })
    }
}

/// Tells nobody.
pub(crate) struct NoJournal;

impl LoginJournal for NoJournal {
    fn failed<'a>(&self, _: FailedLogin<'a>) {}
}

/// Lets everybody try as often as they like.
pub(crate) struct AnyNumberOfTries;

impl LoginRateLimiter for AnyNumberOfTries {
    fn take(&self, _attempt: &PasswordAttempt) -> Result<AttemptPool, Duration> {
        Ok(AttemptPool::Usual)
    }

    fn refund(&self, _attempt: &PasswordAttempt, _of: AttemptPool) {}
}

//! Stand-ins for the slow and the random: a race is about the database.

use std::time::Duration;

use groupchat_domain::accounts::{
    AttemptPool, FailedLogin, LoginJournal, LoginRateLimiter, PasswordAttempt, Username,
};

/// Tells nobody.
pub(crate) struct NoJournal;

impl LoginJournal for NoJournal {
    fn failed<'a>(&self, _: FailedLogin<'a>) {}

    fn refresh_reused(&self, _: Option<std::net::IpAddr>, _: &Username) {}
}

/// Lets everybody try as often as they like.
pub(crate) struct AnyNumberOfTries;

impl LoginRateLimiter for AnyNumberOfTries {
    fn take(&self, _attempt: &PasswordAttempt) -> Result<AttemptPool, Duration> {
        Ok(AttemptPool::Usual)
    }

    fn refund(&self, _attempt: &PasswordAttempt, _of: AttemptPool) {}
}

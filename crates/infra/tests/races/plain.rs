//! Stand-ins for the slow and the random: a race is about the database.

use std::time::Duration;

use groupchat_domain::Error;
use groupchat_domain::accounts::{
    LoginAttempts, Password, PasswordHash, PasswordHasher, PasswordTry, Secret,
};
use groupchat_domain::storage::BoxFuture;

/// "Hashes" at once: what is stored is the password.
pub struct PlainHasher;

impl PasswordHasher for PlainHasher {
    fn hash(&self, password: Password) -> BoxFuture<'static, Result<PasswordHash, Error>> {
        Box::pin(async move { Ok(PasswordHash::from_stored(password.reveal().to_owned())) })
    }

    fn verify(&self, attempt: Secret, hash: Option<PasswordHash>) -> BoxFuture<'static, Result<bool, Error>> {
        Box::pin(async move { Ok(hash.is_some_and(|hash| hash.as_str() == attempt.reveal())) })
    }
}

/// Lets everybody try as often as they like.
pub struct AnyNumberOfTries;

impl LoginAttempts for AnyNumberOfTries {
    fn take(&self, _attempt: &PasswordTry) -> Result<(), Duration> {
        Ok(())
    }

    fn give_back(&self, _attempt: &PasswordTry) {}
}

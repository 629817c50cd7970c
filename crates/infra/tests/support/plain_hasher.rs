//! A stand-in for the slow hashing of passwords.

use groupchat_domain::Error;
use groupchat_domain::accounts::{
    HashCaller, Password, PasswordCheck, PasswordHash, PasswordHasher, Verification,
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

//! The ports to what is stored about second factors.

use crate::accounts::KeyHash;
use crate::factors::half_login::{HalfLogin, NewHalfLogin};
use crate::factors::model::{Totp, UsedSteps};
use crate::factors::passkey::{
    CredentialId, CredentialRecord, NewPasskey, Passkey, PasskeyName, StoredPasskey,
};
use crate::ids::{PasskeyId, UserId};
use crate::secrets::{Sealed, SecretKeyId};
use crate::storage::StorageFault;
use crate::storage::repositories::repository;
use crate::time::{Span, Timestamp};

repository! {
    /// One-time passwords and recovery codes. These methods don't check whether the user is deleted.
    #[cfg_attr(test, mockall::automock)]
    pub trait FactorRepository {
        /// Whether a user has confirmed one-time passwords, or a passkey.
        fn has_any(&mut self, user: UserId) -> Result<bool, StorageFault>;

        /// The one-time passwords of a user, confirmed or not.
        fn totp(&mut self, user: UserId) -> Result<Option<Totp>, StorageFault>;

        /// Stores a secret that is not confirmed yet, in place of the one that there may be.
        fn begin_totp(&mut self, user: UserId, secret: &Sealed, at: Timestamp) -> Result<(), StorageFault>;

        /// Stores which one-time passwords were used, and when they were confirmed.
        fn update_totp(
            &mut self,
            user: UserId,
            confirmed_at: Option<Timestamp>,
            used: &UsedSteps,
        ) -> Result<(), StorageFault>;

        /// How many recovery codes a user has left.
        fn recovery_codes_left(&mut self, user: UserId) -> Result<u32, StorageFault>;

        /// Gives a user these recovery codes instead of those that there are.
        fn replace_recovery_codes(&mut self, user: UserId, codes: &[KeyHash]) -> Result<(), StorageFault>;

        /// Removes a recovery code of a user; `false` if there is none. If several callers use the same one, only one of
        /// them MUST get `true`.
        fn use_recovery_code(&mut self, user: UserId, code: &KeyHash) -> Result<bool, StorageFault>;

        /// The keys that secrets are encrypted with, each once, in no particular order.
        fn keys_in_use(&mut self) -> Result<Vec<SecretKeyId>, StorageFault>;

        /// Encrypted secrets by user, up to `limit`, of users after this one.
        fn secrets(&mut self, after: Option<UserId>, limit: i64) -> Result<Vec<(UserId, Sealed)>, StorageFault>;

        /// Stores a secret that was encrypted again; `false` if the user has another one than the old one by now.
        fn reseal(&mut self, user: UserId, old: &Sealed, new: &Sealed) -> Result<bool, StorageFault>;

        /// Removes the one-time passwords of a user, confirmed or not.
        fn remove_totp(&mut self, user: UserId) -> Result<(), StorageFault>;

        /// Removes the one-time passwords, the passkeys and the recovery codes of a user; `false` if there are none.
        fn remove(&mut self, user: UserId) -> Result<bool, StorageFault>;
    }
}

repository! {
    /// Passkeys. These methods don't check whether the user is deleted.
    #[cfg_attr(test, mockall::automock)]
    pub trait PasskeyRepository {
        /// The passkeys of a user, the oldest first.
        fn list(&mut self, user: UserId) -> Result<Vec<Passkey>, StorageFault>;

        /// What authenticators call the passkeys of a user, the oldest first.
        fn credentials(&mut self, user: UserId) -> Result<Vec<CredentialId>, StorageFault>;

        /// The passkey that an authenticator calls so.
        fn find(&mut self, credential: &CredentialId) -> Result<Option<StoredPasskey>, StorageFault>;

        /// The passkey with this id.
        fn stored(&mut self, id: PasskeyId) -> Result<Option<StoredPasskey>, StorageFault>;

        /// Stores a passkey; `None` if there is one that an authenticator calls so.
        fn insert(&mut self, passkey: &NewPasskey) -> Result<Option<PasskeyId>, StorageFault>;

        /// Stores that a passkey was used, what is known of it from now on, and in which ceremonies it was used lately.
        fn note_use(
            &mut self,
            id: PasskeyId,
            record: &CredentialRecord,
            used: &UsedSteps,
            at: Timestamp,
        ) -> Result<(), StorageFault>;

        /// Gives a passkey of a user another name; `false` if there is none.
        fn rename(&mut self, user: UserId, id: PasskeyId, name: &PasskeyName) -> Result<bool, StorageFault>;

        /// A host other than this one to which some passkey is bound.
        fn other_host(&mut self, host: &str) -> Result<Option<String>, StorageFault>;

        /// Removes a passkey of a user; `false` if there is none.
        fn remove(&mut self, user: UserId, id: PasskeyId) -> Result<bool, StorageFault>;
    }
}

repository! {
    /// Logins that lack a second factor. These methods don't check whether the user is deleted.
    /// [`SessionRepository::end_all`](crate::accounts::SessionRepository::end_all) removes them, too.
    #[cfg_attr(test, mockall::automock)]
    pub trait HalfLoginRepository {
        /// Stores one.
        fn insert(&mut self, half: &NewHalfLogin) -> Result<(), StorageFault>;

        /// Removes the oldest of a user, so that at most `keep` are left.
        fn remove_oldest(&mut self, user: UserId, keep: u32) -> Result<(), StorageFault>;

        /// The one with this ticket, if it expires within this span.
        fn find(&mut self, ticket: &KeyHash, expires: Span) -> Result<Option<HalfLogin>, StorageFault>;

        /// Counts a wrong code.
        fn count_failure(&mut self, ticket: &KeyHash) -> Result<(), StorageFault>;

        /// Removes the one with this ticket; `false` if there is none.
        fn remove(&mut self, ticket: &KeyHash) -> Result<bool, StorageFault>;

        /// Removes all of a user.
        fn remove_all(&mut self, user: UserId) -> Result<(), StorageFault>;

        /// Removes up to `limit` that don't expire within this span; returns the number.
        fn remove_others(&mut self, expires: Span, limit: i64) -> Result<usize, StorageFault>;
    }
}

//! Accounts that are made once somebody has shown that the e-mail address is theirs.

use crate::accounts::model::{DisplayName, Email, PasswordHash, Username};
use crate::codes::CodeHash;
use crate::storage::StorageFault;
use crate::storage::repositories::repository;
use crate::time::{Span, Timestamp};

/// An account that waits for a code, which its address gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingAccount {
    /// The name to sign in with. It is not reserved.
    pub username: Username,
    /// The name shown to others.
    pub display_name: Option<DisplayName>,
    /// The address.
    pub email: Email,
    /// The hash of the password.
    pub password: PasswordHash,
}

/// A pending account that is about to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPendingAccount {
    /// The account.
    pub account: PendingAccount,
    /// The hash of the code.
    pub code: CodeHash,
    /// When the code was issued.
    pub created_at: Timestamp,
    /// When it expires.
    pub expires_at: Timestamp,
}

repository! {
    /// Accounts that wait for a code.
    #[cfg_attr(test, mockall::automock)]
    pub trait PendingAccountRepository {
        /// Stores an account, and removes all but the latest `most`.
        fn insert(&mut self, pending: &NewPendingAccount, most: u32) -> Result<(), StorageFault>;

        /// How many codes for this address, ignoring case, were issued within this span and not used.
        fn count(&mut self, email: &Email, issued: Span) -> Result<u32, StorageFault>;

        /// The account whose code has this hash, if it expires within this span.
        fn find(&mut self, code: &CodeHash, expires: Span) -> Result<Option<PendingAccount>, StorageFault>;

        /// Removes the account whose code has this hash; `false` if there is none. Of several callers, only one MUST get
        /// `true`.
        fn remove(&mut self, code: &CodeHash) -> Result<bool, StorageFault>;

        /// Removes up to `limit` accounts whose codes were issued before `before`; returns the number.
        fn remove_old(&mut self, before: Timestamp, limit: i64) -> Result<usize, StorageFault>;
    }
}

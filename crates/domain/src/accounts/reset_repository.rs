//! The port for codes that reset passwords.

use crate::accounts::session::KeyHash;
use crate::codes::CodeHash;
use crate::ids::UserId;
use crate::storage::StorageFault;
use crate::storage::repositories::repository;
use crate::time::{Span, Timestamp};

/// A code that is about to be stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewReset {
    /// Whose password it resets.
    pub user: UserId,
    /// The hash of the code.
    pub code: CodeHash,
    /// The hash of what it is bound to.
    pub state: KeyHash,
    /// When it was issued.
    pub created_at: Timestamp,
    /// When it expires.
    pub expires_at: Timestamp,
}

/// A code that was not used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PendingReset {
    /// Whose password it resets.
    pub user: UserId,
    /// The hash of what it is bound to.
    pub state: KeyHash,
}

repository! {
    /// Codes that reset passwords. These methods don't check whether the user is deleted.
    #[cfg_attr(test, mockall::automock)]
    pub trait PasswordResetRepository {
        /// Stores a code.
        fn insert(&mut self, reset: &NewReset) -> Result<(), StorageFault>;

        /// How many codes of this user were issued within this span, used or not.
        fn count(&mut self, user: UserId, issued: Span) -> Result<u32, StorageFault>;

        /// The code with this hash, if it was not used and expires within this span.
        fn find(&mut self, code: &CodeHash, expires: Span) -> Result<Option<PendingReset>, StorageFault>;

        /// Marks a code as used that was not, and expires within this span; `false` if there is none. If several callers
        /// use the same code up, only one of them MUST get `true`.
        fn use_up(&mut self, code: &CodeHash, expires: Span, at: Timestamp) -> Result<bool, StorageFault>;

        /// Removes up to `limit` codes that were issued before `before`; returns the number.
        fn remove_old(&mut self, before: Timestamp, limit: i64) -> Result<usize, StorageFault>;
    }
}

//! The port for the earlier texts of messages.

use crate::ids::{MessageId, Version};
use crate::messages::earlier_text::EarlierText;
use crate::paging::Limit;
use crate::storage::StorageFault;
use crate::storage::repositories::repository;

/// Which of the earlier texts of a message to read, the newest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EditQuery {
    /// The message.
    pub message: MessageId,
    /// Only texts of versions before this one.
    pub before: Option<Version>,
    /// How many rows; the repository reads one more to see whether the list goes on.
    pub limit: Limit,
}

repository! {
    /// The texts that messages had before they were edited.
    #[cfg_attr(test, mockall::automock)]
    pub trait EditRepository {
        /// Stores a text that an edit replaces, and removes the oldest of the message beyond `keep`. The group of the
        /// message MUST be locked.
        fn add(&mut self, message: MessageId, earlier: &EarlierText, keep: i64) -> Result<(), StorageFault>;

        /// Earlier texts, the newest first; one row more than the limit where the list goes on.
        fn list(&mut self, query: &EditQuery) -> Result<Vec<EarlierText>, StorageFault>;

        /// Removes all earlier texts of a message.
        fn remove(&mut self, message: MessageId) -> Result<(), StorageFault>;
    }
}

//! The port for quotes.

use crate::ids::MessageId;
use crate::messages::quote::Quote;
use crate::storage::StorageFault;
use crate::storage::repositories::repository;

repository! {
    /// Which messages quote which. That a message does so is among its
    /// [`Attachments`](crate::messages::Attachments).
    #[cfg_attr(test, mockall::automock)]
    pub trait QuoteRepository {
        /// What these messages quote, in no particular order, whoever may read it. Those that quote nothing are left
        /// out, and so are those of which the quoted message, or its group, is gone. MUST be one query.
        fn find_many(&mut self, by: &[MessageId]) -> Result<Vec<Quote>, StorageFault>;

        /// Stores that a message quotes another, older one.
        fn put(&mut self, by: MessageId, quoted: MessageId) -> Result<(), StorageFault>;

        /// Removes what a message quotes; where it quotes nothing, nothing.
        fn remove(&mut self, by: MessageId) -> Result<(), StorageFault>;
    }
}

//! The port for tokens.

use crate::ids::{TokenId, UserId};
use crate::paging::Limit;
use crate::storage::StorageFault;
use crate::storage::repositories::repository;
use crate::time::Timestamp;
use crate::tokens::model::Token;

/// Which tokens of a user to list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenQuery {
    /// Whose they are.
    pub user: UserId,
    /// Tokens that have ended by this time are left out.
    pub now: Timestamp,
    /// The list continues below this id.
    pub below: Option<TokenId>,
    /// The number of rows. The repository reads one more.
    pub limit: Limit,
}

repository! {
    /// Tokens. They are stored, and authenticated, as
    /// [sessions](crate::accounts::SessionRepository); these methods find no other sessions.
    #[cfg_attr(test, mockall::automock)]
    pub trait TokenRepository {
        /// The user's tokens, newest first; one row more than the limit if there is a next page.
        fn list(&mut self, query: &TokenQuery) -> Result<Vec<Token>, StorageFault>;

        /// How many tokens of the user are valid at `now`, counted up to `most`.
        fn count(&mut self, user: UserId, now: Timestamp, most: u32) -> Result<u32, StorageFault>;

        /// Ends a token of this user; `false` if there is no such token.
        fn end(&mut self, user: UserId, token: TokenId) -> Result<bool, StorageFault>;

        /// Ends all tokens of the user; `false` if there are none.
        fn end_all(&mut self, user: UserId) -> Result<bool, StorageFault>;
    }
}

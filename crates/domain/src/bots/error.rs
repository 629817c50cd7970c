//! Rejections about bots.

use crate::accounts::MAX_BOTS;

/// Why a use case of bots rejected a request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BotRefusal {
    /// No such bot.
    #[error("there is no such bot")]
    NotFound,
    /// Somebody else owns the bot.
    #[error("only the owner of a bot can see, issue and end its tokens")]
    NotOwner,
    /// The owner has as many bots as a user may.
    #[error("a user can own at most {MAX_BOTS} bots")]
    TooMany,
}

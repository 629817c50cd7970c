//! Rejections about tokens.

use crate::tokens::model::MAX_TOKENS;

/// Why a use case of tokens rejected a request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenRefusal {
    /// No such token of this user.
    #[error("there is no such token")]
    NotFound,
    /// The user has as many tokens as they may.
    #[error("at most {MAX_TOKENS} tokens can be valid at a time")]
    TooMany,
}

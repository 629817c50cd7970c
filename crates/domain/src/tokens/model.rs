//! Tokens, as their users see them.

use crate::accounts::{DeviceName, TokenTerms};
use crate::ids::TokenId;
use crate::text::TextBytes;
use crate::time::Timestamp;

/// How many tokens of a user can be valid at a time.
pub const MAX_TOKENS: u32 = 100;

/// When a token without an end ends, as it is stored: the last microsecond that a year of four digits has.
pub const NO_END: Timestamp = Timestamp::from_micros(253_402_300_799_999_999);

/// A token that somebody asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenDraft {
    /// What the user calls it.
    pub name: DeviceName,
    /// What it is for.
    pub terms: TokenTerms,
    /// When it ends, if it does by itself.
    pub expires_at: Option<Timestamp>,
}

/// A token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// The token's id, which is that of its session.
    pub id: TokenId,
    /// What its user calls it.
    pub name: DeviceName,
    /// What it is for.
    pub terms: TokenTerms,
    /// When it was issued.
    pub created_at: Timestamp,
    /// When it ends, if it does by itself.
    pub expires_at: Option<Timestamp>,
    /// When it was last used, to the minute.
    pub last_used_at: Option<Timestamp>,
}

impl TextBytes for Token {
    fn text_bytes(&self) -> usize {
        self.name.text_bytes()
    }
}

//! What the tests of tokens share.

use crate::accounts::{DeviceName, Scope, TokenTerms};
use crate::ids::TokenId;
use crate::testing::NOW;
use crate::tokens::model::{Token, TokenDraft};

/// A token that writes.
pub(super) fn draft() -> TokenDraft {
    let name = DeviceName::parse("Deploys").unwrap();
    TokenDraft { name, terms: TokenTerms { scope: Scope::Write, groups: None }, expires_at: None }
}

/// The token that this was issued as.
pub(super) fn token(id: i64) -> Token {
    let TokenDraft { name, terms, expires_at } = draft();
    Token { id: TokenId::new(id), name, terms, created_at: NOW, expires_at, last_used_at: None }
}

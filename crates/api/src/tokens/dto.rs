//! Response bodies for tokens.

use groupchat_domain::accounts::{DeviceName, Secret, TokenGroups};
use groupchat_domain::ids::TokenId;
use groupchat_domain::tokens::Token;
use paperclip::actix::Apiv2Schema;
use serde::Serialize;

use super::values::{Scopes, TokenText};
use crate::wire::{Field, Time};

/// A token, without its key.
#[derive(Debug, Serialize, Apiv2Schema)]
#[openapi(rename = "Token")]
pub(crate) struct TokenDto {
    /// The token's id. Entries of the audit log name it as the session of what is done with it.
    pub id: Field<TokenId>,
    /// What you call it.
    pub name: Field<DeviceName>,
    /// What it is for: each scope contains those before it.
    pub scopes: Field<Scopes>,
    /// The groups that it is for, by id; null if it is for all, and for what is in no group.
    pub group_ids: Option<Field<TokenGroups>>,
    /// When it was issued.
    pub created_at: Time,
    /// When it ends; null if it does not by itself.
    pub expires_at: Option<Time>,
    /// When it was last used, to the minute; null if it was not.
    pub last_used_at: Option<Time>,
}

impl From<Token> for TokenDto {
    fn from(token: Token) -> Self {
        Self {
            id: token.id.into(),
            name: token.name.into(),
            scopes: Scopes(token.terms.scope).into(),
            group_ids: token.terms.groups.map(Field),
            created_at: token.created_at.into(),
            expires_at: token.expires_at.map(Time::from),
            last_used_at: token.last_used_at.map(Time::from),
        }
    }
}

/// A token that was issued, with its key.
// Without `Debug`, which would show it.
#[derive(Serialize, Apiv2Schema)]
#[openapi(rename = "NewToken")]
pub(crate) struct NewTokenDto {
    /// The key, to be sent as any other; returned only once.
    pub key: Field<TokenText>,
    /// The token.
    pub token: TokenDto,
}

impl NewTokenDto {
    pub(crate) fn new(token: Token, key: &Secret) -> Self {
        Self { key: TokenText(key.reveal().to_owned()).into(), token: token.into() }
    }
}

//! Request bodies for tokens, parsed into domain values.

use groupchat_domain::accounts::{DeviceName, TokenGroups, TokenTerms};
use groupchat_domain::time::Timestamp;
use groupchat_domain::tokens::TokenDraft;
use paperclip::actix::Apiv2Schema;
use serde::Deserialize;

use super::values::Scopes;
#[cfg(any(test, fuzzing))]
use crate::fuzzing::Parser;
use crate::problem::ApiError;
use crate::wire::{Fields, Optional, Required};

/// A token to issue.
#[derive(Deserialize, Apiv2Schema)]
#[openapi(rename = "TokenDraft", example = r#"{"name": "Deploys", "scopes": ["write"]}"#)]
pub(crate) struct TokenDraftDto {
    /// What you call it: 1–100 characters.
    pub name: Required<DeviceName>,
    /// What it is for: `read`, `write` or `admin`, of which each contains those before it.
    pub scopes: Required<Scopes>,
    /// The groups that it is for: 1–50 ids of groups that you see. By default it is for all, and for what is in no group.
    pub group_ids: Optional<TokenGroups>,
    /// When it ends; by default it does not by itself.
    pub expires_at: Optional<Timestamp>,
}

impl TokenDraftDto {
    pub(crate) fn parse(self) -> Result<TokenDraft, ApiError> {
        let mut fields = Fields::new();
        let name = fields.required("name", self.name);
        let scopes = fields.required("scopes", self.scopes);
        let groups = fields.optional("group_ids", self.group_ids);
        let expires_at = fields.optional("expires_at", self.expires_at);
        match (name, scopes) {
            (Some(name), Some(Scopes(scope))) if fields.are_good() => {
                Ok(TokenDraft { name, terms: TokenTerms { scope, groups }, expires_at })
            }
            _ => Err(fields.into()),
        }
    }
}

/// The parsers of bodies.
#[cfg(any(test, fuzzing))]
pub(crate) fn bodies() -> Vec<Parser> {
    vec![Parser::of_body(TokenDraftDto::parse)]
}

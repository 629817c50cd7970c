//! Request bodies and queries for bots, parsed into domain values.

use groupchat_domain::accounts::{DisplayName, Username};
use groupchat_domain::bots::{BotDraft, BotQuery};
use groupchat_domain::ids::UserId;
use groupchat_domain::paging::Limit;
use paperclip::actix::Apiv2Schema;
use serde::Deserialize;

#[cfg(any(test, fuzzing))]
use crate::fuzzing::{Parser, list};
use crate::problem::ApiError;
use crate::wire::{CursorText, Fields, Given, List, Optional, Required};

/// A bot to create.
#[derive(Deserialize, Apiv2Schema)]
#[openapi(rename = "BotDraft", example = r#"{"username": "deploys", "display_name": "Deploys"}"#)]
pub(super) struct BotDraftDto {
    /// The name that it is mentioned by: 1–50 characters. No two users have the same, ignoring case.
    pub username: Required<Username>,
    /// The name that others see: 1–100 characters.
    pub display_name: Optional<DisplayName>,
    // What a bot has not: known, so that nobody believes that it was set.
    #[serde(default)]
    password: Given,
    #[serde(default)]
    email: Given,
    #[serde(default)]
    is_admin: Given,
    #[serde(default)]
    owner_id: Given,
}

impl BotDraftDto {
    pub(super) fn parse(self) -> Result<BotDraft, ApiError> {
        let mut fields = Fields::new();
        let username = fields.required("username", self.username);
        let display_name = fields.optional("display_name", self.display_name);
        fields.fixed([
            ("password", self.password),
            ("email", self.email),
            ("is_admin", self.is_admin),
            ("owner_id", self.owner_id),
        ]);
        match username {
            Some(username) if fields.are_good() => Ok(BotDraft { username, display_name }),
            _ => Err(fields.into()),
        }
    }
}

/// Who is to own a bot.
#[derive(Deserialize, Apiv2Schema)]
#[openapi(rename = "BotOwner", example = r#"{"user_id": 4}"#)]
pub(super) struct BotOwnerDto {
    /// The id of a person who is not suspended.
    pub user_id: Required<UserId>,
}

impl BotOwnerDto {
    pub(super) fn parse(self) -> Result<UserId, ApiError> {
        let mut fields = Fields::new();
        fields.required("user_id", self.user_id).ok_or_else(|| fields.into())
    }
}

/// Which bots to list.
#[derive(Deserialize, Apiv2Schema)]
pub(super) struct BotParams {
    /// Whose they are; by default, yours.
    owner_id: Optional<UserId>,
    /// The maximum number of items: 1–200, by default 50.
    limit: Optional<Limit>,
    /// The `next` of the previous page.
    cursor: Optional<CursorText>,
}

impl BotParams {
    pub(super) fn parse(self, list: List) -> Result<BotQuery, ApiError> {
        let mut fields = Fields::new();
        let owner = fields.optional("owner_id", self.owner_id);
        let limit = fields.limit(self.limit);
        let cursor = fields.cursor(list, &self.cursor);
        fields.finish()?;
        Ok(BotQuery { owner, after: cursor.map(|cursor| UserId::new(cursor.id)), limit })
    }
}

/// The parsers of bodies.
#[cfg(any(test, fuzzing))]
pub(crate) fn bodies() -> Vec<Parser> {
    vec![Parser::of_body(BotDraftDto::parse), Parser::of_body(BotOwnerDto::parse)]
}

/// The parsers of queries.
#[cfg(any(test, fuzzing))]
pub(crate) fn queries() -> Vec<Parser> {
    vec![Parser::of_query(|params: BotParams| params.parse(list()))]
}

//! Request bodies and queries for drafts and bookmarks, parsed into domain values.

use groupchat_domain::ids::{MessageId, Version};
use groupchat_domain::paging::Limit;
use groupchat_domain::saved::{BookmarkNote, BookmarkPlace, DraftText};
use groupchat_domain::time::Timestamp;
use paperclip::actix::Apiv2Schema;
use serde::Deserialize;

#[cfg(any(test, fuzzing))]
use crate::fuzzing::{Parser, list};
use crate::messages::MessageFormat;
use crate::problem::ApiError;
use crate::wire::{CursorText, Fields, List, Optional, Required};

/// What you have typed and not sent.
#[derive(Deserialize, Apiv2Schema)]
#[openapi(rename = "DraftText", example = r#"{"text": "Hello, Gra"}"#)]
pub(super) struct DraftTextDto {
    /// The text: 1–10,000 characters.
    pub text: Required<DraftText>,
    /// The version that the draft must have, so that nothing is overwritten that you have not seen.
    pub if_version: Optional<Version>,
}

impl DraftTextDto {
    /// The text, and the version that the draft must have.
    pub(super) fn parse(self) -> Result<(DraftText, Option<Version>), ApiError> {
        let mut fields = Fields::new();
        let text = fields.required("text", self.text);
        let if_version = fields.optional("if_version", self.if_version);
        match text {
            Some(text) if fields.are_good() => Ok((text, if_version)),
            _ => Err(fields.into()),
        }
    }
}

/// On what terms to remove a draft.
#[derive(Deserialize, Apiv2Schema)]
pub(super) struct DraftRemovalParams {
    /// The version that the draft must have, so that nothing is removed that you have not seen.
    if_version: Optional<Version>,
}

impl DraftRemovalParams {
    /// The version that the draft must have.
    pub(super) fn parse(self) -> Result<Option<Version>, ApiError> {
        let mut fields = Fields::new();
        let if_version = fields.optional("if_version", self.if_version);
        fields.finish()?;
        Ok(if_version)
    }
}

/// A bookmark.
#[derive(Deserialize, Apiv2Schema)]
#[openapi(rename = "BookmarkDraft", example = r#"{"note": "Ask Grace about this."}"#)]
pub(super) struct BookmarkDraftDto {
    /// Your note: 1–500 characters.
    pub note: Optional<BookmarkNote>,
}

impl BookmarkDraftDto {
    /// The note.
    pub(super) fn parse(self) -> Result<Option<BookmarkNote>, ApiError> {
        let mut fields = Fields::new();
        let note = fields.optional("note", self.note);
        fields.finish()?;
        Ok(note)
    }
}

/// Which bookmarks to list, and how.
#[derive(Deserialize, Apiv2Schema)]
pub(super) struct BookmarkListParams {
    /// The maximum number of items: 1–200, by default 50.
    limit: Optional<Limit>,
    /// The `next` of the previous page.
    cursor: Optional<CursorText>,
    /// The format of the texts. With `html`, each message has its text as HTML, too; `text` is the default.
    format: Optional<MessageFormat>,
}

/// A parsed [`BookmarkListParams`].
#[derive(Debug)]
pub(super) struct BookmarkList {
    /// The bookmark before which the page begins.
    pub before: Option<BookmarkPlace>,
    pub limit: Limit,
    pub format: MessageFormat,
}

impl BookmarkListParams {
    pub(super) fn parse(self, list: List) -> Result<BookmarkList, ApiError> {
        let mut fields = Fields::new();
        let limit = fields.limit(self.limit);
        let cursor = fields.cursor(list, &self.cursor);
        let format = fields.optional("format", self.format).unwrap_or_default();
        fields.finish()?;
        let before = cursor.map(|cursor| BookmarkPlace::new(cursor.id));
        Ok(BookmarkList { before, limit: format.limit(limit), format })
    }
}

/// When to be reminded.
#[derive(Deserialize, Apiv2Schema)]
#[openapi(rename = "ReminderDraft", example = r#"{"at": "2026-12-24T08:00:00Z"}"#)]
pub(super) struct ReminderDraftDto {
    /// When: in the future, at most a year away.
    pub at: Required<Timestamp>,
}

impl ReminderDraftDto {
    /// The time.
    pub(super) fn parse(self) -> Result<Timestamp, ApiError> {
        let mut fields = Fields::new();
        let at = fields.required("at", self.at);
        at.ok_or_else(|| fields.into())
    }
}

/// Which reminders to list, and how.
#[derive(Deserialize, Apiv2Schema)]
pub(super) struct ReminderListParams {
    /// The maximum number of items: 1–200, by default 50.
    limit: Optional<Limit>,
    /// The `next` of the previous page.
    cursor: Optional<CursorText>,
    /// The format of the texts. With `html`, each message has its text as HTML, too; `text` is the default.
    format: Optional<MessageFormat>,
}

/// The place after which a page of reminders begins, its size and its format.
type ReminderList = (Option<(Timestamp, MessageId)>, Limit, MessageFormat);

impl ReminderListParams {
    pub(super) fn parse(self, list: List) -> Result<ReminderList, ApiError> {
        let mut fields = Fields::new();
        let limit = fields.limit(self.limit);
        let cursor = fields.cursor(list, &self.cursor);
        let format = fields.optional("format", self.format).unwrap_or_default();
        let place = cursor.and_then(|cursor| {
            let at = fields.check("cursor", cursor.number())?;
            Some((Timestamp::from_micros(at), MessageId::new(cursor.id)))
        });
        fields.finish()?;
        Ok((place, format.limit(limit), format))
    }
}

/// The parsers of bodies.
#[cfg(any(test, fuzzing))]
pub(crate) fn bodies() -> Vec<Parser> {
    vec![
        Parser::of_body(DraftTextDto::parse),
        Parser::of_body(BookmarkDraftDto::parse),
        Parser::of_body(ReminderDraftDto::parse),
    ]
}

/// The parsers of queries.
#[cfg(any(test, fuzzing))]
pub(crate) fn queries() -> Vec<Parser> {
    vec![
        Parser::of_query(DraftRemovalParams::parse),
        Parser::of_query(|params: BookmarkListParams| params.parse(list())),
        Parser::of_query(|params: ReminderListParams| params.parse(list())),
    ]
}

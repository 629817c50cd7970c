//! Request bodies for polls, parsed into domain values.

use groupchat_domain::polls::{Choices, OptionText, OptionsBy, PollDraft, PollOptions, PollResults};
use groupchat_domain::time::Timestamp;
use paperclip::actix::Apiv2Schema;
use serde::Deserialize;

use super::values::MaxChoices;
#[cfg(any(test, fuzzing))]
use crate::fuzzing::Parser;
use crate::problem::ApiError;
use crate::wire::{Fields, Optional, Required};

/// A poll to send with a message, whose text is the question.
#[derive(Deserialize, Apiv2Schema)]
#[openapi(rename = "PollDraft", example = r#"{"options": ["On Tuesday", "On Thursday"]}"#)]
pub(crate) struct PollDraftDto {
    /// The options: 2–20, all different, in more than the case of letters.
    pub options: Required<PollOptions>,
    /// How many options one may vote for: up to all of them; the default is 1.
    pub max_choices: Optional<MaxChoices>,
    /// When it closes by itself: in the future, and at most a year ahead. Without, it is open until somebody closes it.
    pub closes_at: Optional<Timestamp>,
    /// Whether nobody learns who votes for what; the default is false.
    pub anonymous: Optional<bool>,
    /// When the results are shown; the default is `always`.
    pub results: Optional<PollResults>,
    /// Who adds options; the default is `author`.
    pub options_by: Optional<OptionsBy>,
}

impl PollDraftDto {
    /// The poll, or its mistakes noted.
    pub(crate) fn parse(self, fields: &mut Fields) -> Option<PollDraft> {
        let options = fields.required("poll.options", self.options);
        let max_choices = fields.optional("poll.max_choices", self.max_choices);
        let closes_at = fields.optional("poll.closes_at", self.closes_at);
        let results = fields.optional("poll.results", self.results);
        let options_by = fields.optional("poll.options_by", self.options_by);
        let draft = PollDraft::new(options?, max_choices.map(|MaxChoices(most)| most));
        let mut draft = fields.check("poll.max_choices", draft)?;
        draft.anonymous = self.anonymous.0.unwrap_or(draft.anonymous);
        draft.results = results.unwrap_or(draft.results);
        draft.options_by = options_by.unwrap_or(draft.options_by);
        draft.closes_at = closes_at;
        Some(draft)
    }
}

/// What to vote for.
#[derive(Deserialize, Apiv2Schema)]
#[openapi(rename = "Vote", example = r#"{"options": [1]}"#)]
pub(super) struct VoteDto {
    /// The ids of the options to vote for, instead of those that you have voted for before.
    pub options: Required<Choices>,
}

impl VoteDto {
    pub(super) fn parse(self) -> Result<Choices, ApiError> {
        let mut fields = Fields::new();
        fields.required("options", self.options).ok_or_else(|| fields.into())
    }
}

/// An option to add.
#[derive(Deserialize, Apiv2Schema)]
#[openapi(rename = "PollOptionDraft", example = r#"{"text": "On Friday"}"#)]
pub(super) struct OptionDraftDto {
    /// What it says: one line of 1–200 characters.
    pub text: Required<OptionText>,
}

impl OptionDraftDto {
    pub(super) fn parse(self) -> Result<OptionText, ApiError> {
        let mut fields = Fields::new();
        fields.required("text", self.text).ok_or_else(|| fields.into())
    }
}

/// The parsers of bodies.
#[cfg(any(test, fuzzing))]
pub(crate) fn bodies() -> Vec<Parser> {
    vec![Parser::of_body(VoteDto::parse), Parser::of_body(OptionDraftDto::parse)]
}

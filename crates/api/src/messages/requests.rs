//! Request bodies and queries for messages, parsed into domain values.

use groupchat_domain::ids::{GroupId, MessageId};
use groupchat_domain::messages::{ClientId, Emoji, MessageDraft, MessageText};
use paperclip::actix::Apiv2Schema;
use serde::Deserialize;

#[cfg(any(test, fuzzing))]
use super::batch::BatchDto;
#[cfg(any(test, fuzzing))]
use super::edit_requests::{DeletionParams, MessageChangesDto};
#[cfg(any(test, fuzzing))]
use super::format::{MessageParams, PinListParams};
#[cfg(any(test, fuzzing))]
use super::forward::ForwardDraftDto;
#[cfg(any(test, fuzzing))]
use super::mention_requests::MentionListParams;
#[cfg(any(test, fuzzing))]
use super::read_requests::{ReadMarkDto, ReaderListParams};
#[cfg(any(test, fuzzing))]
use super::thread_requests::ThreadListParams;
use super::unset::refuse_unset;
#[cfg(any(test, fuzzing))]
use super::window::MessageListParams;
#[cfg(any(test, fuzzing))]
use crate::fuzzing::{Parser, list};
use crate::polls::PollDraftDto;
use crate::problem::ApiError;
use crate::wire::{Fields, Given, Optional, OptionalObject, Required};

/// A message to send.
#[derive(Deserialize, Apiv2Schema)]
// Without a `client_id`: a second message with the same one would be none.
#[openapi(rename = "MessageDraft", example = r#"{"text": "Hello, Grace!"}"#)]
pub(crate) struct MessageDraftDto {
    /// The text: 1–10,000 characters.
    pub text: Required<MessageText>,
    /// An id of your choice, so that a repeated request sends the message once: 1–64 printable ASCII
    /// characters.
    pub client_id: Optional<ClientId>,
    /// The message to reply to, in the thread under it: one of the group that is no reply itself.
    pub thread_id: Optional<MessageId>,
    /// The message of the group to quote, whether or not it is in the same thread.
    pub reply_to: Optional<MessageId>,
    /// The poll that the message is to be: `text` is its question.
    #[serde(default)]
    pub poll: OptionalObject<PollDraftDto>,
    #[serde(default)]
    author_id: Given,
    #[serde(default)]
    created_at: Given,
    #[serde(default)]
    reactions: Given,
    #[serde(default)]
    thread: Given,
    #[serde(default)]
    mentions: Given,
    #[serde(default)]
    pinned: Given,
    #[serde(default)]
    files: Given,
}

impl MessageDraftDto {
    pub(crate) fn parse(self, group: GroupId) -> Result<MessageDraft, ApiError> {
        let mut fields = Fields::new();
        let text = fields.required("text", self.text);
        let client_id = fields.optional("client_id", self.client_id);
        let thread = fields.optional("thread_id", self.thread_id);
        let reply_to = fields.optional("reply_to", self.reply_to);
        let poll = self.poll.0.and_then(|poll| poll.parse(&mut fields));
        refuse_unset!(fields, self);
        match text {
            Some(text) if fields.are_good() => {
                Ok(MessageDraft { group, text, client_id, thread, reply_to, poll })
            }
            _ => Err(fields.into()),
        }
    }
}

/// A reaction to give or to take back, on the socket.
#[derive(Deserialize, Apiv2Schema)]
#[openapi(rename = "ReactionRequest", example = r#"{"message_id": 12, "emoji": "🎉"}"#)]
pub(crate) struct ReactionRequest {
    /// The message's id.
    pub message_id: Required<MessageId>,
    /// An emoji, with or without its variation selector.
    pub emoji: Required<Emoji>,
    /// Whether to take the reaction back; the default is false.
    pub remove: Optional<bool>,
}

/// A parsed [`ReactionRequest`].
#[derive(Debug)]
pub(crate) struct ReactionChange {
    pub message: MessageId,
    pub emoji: Emoji,
    pub is_removal: bool,
}

impl ReactionRequest {
    pub(crate) fn parse(self) -> Result<ReactionChange, ApiError> {
        let mut fields = Fields::new();
        let message = fields.required("message_id", self.message_id);
        let emoji = fields.required("emoji", self.emoji);
        let is_removal = self.remove.0.unwrap_or(false);
        let change = message.zip(emoji).map(|(message, emoji)| ReactionChange { message, emoji, is_removal });
        change.ok_or_else(|| fields.into())
    }
}

/// The parsers of bodies.
#[cfg(any(test, fuzzing))]
pub(crate) fn bodies() -> Vec<Parser> {
    vec![
        Parser::of_body(|draft: MessageDraftDto| draft.parse(GroupId::new(7))),
        Parser::of_body(MessageChangesDto::parse),
        Parser::of_body(BatchDto::parse),
        Parser::of_body(|draft: ForwardDraftDto| draft.parse(GroupId::new(7), MessageId::new(8))),
        Parser::of_body(ReadMarkDto::parse),
    ]
}

/// The parsers of queries.
#[cfg(any(test, fuzzing))]
pub(crate) fn queries() -> Vec<Parser> {
    vec![
        Parser::of_query(|params: MessageListParams| params.parse(list())),
        Parser::of_query(MessageParams::parse),
        Parser::of_query(DeletionParams::parse),
        Parser::of_query(|params: PinListParams| params.parse(list())),
        Parser::of_query(|params: ThreadListParams| params.parse(list())),
        Parser::of_query(|params: ReaderListParams| params.parse(list())),
        Parser::of_query(|params: MentionListParams| params.parse(list())),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::Code;

    fn draft(json: &str) -> Result<MessageDraft, Code> {
        let dto = serde_json::from_str::<MessageDraftDto>(json).unwrap();
        dto.parse(GroupId::new(1)).map_err(|error| error.code())
    }

    #[test]
    fn what_a_draft_does_not_set_is_refused_and_not_dropped() {
        assert!(draft(r#"{"text": "hi", "poll": null, "files": null, "colour": "red"}"#).is_ok());
        let given = |field| draft(&format!(r#"{{"text": "hi", "{field}": 1}}"#));
        assert_eq!(given("files"), Err(Code::NotSupported));
        for field in ["author_id", "created_at", "reactions", "thread", "mentions", "pinned"] {
            assert_eq!(given(field), Err(Code::NotEditable), "{field}");
        }
    }

    #[test]
    fn a_poll_has_terms() {
        let poll = |json: &str| draft(&format!(r#"{{"text": "When?", "poll": {json}}}"#));
        let plain = poll(r#"{"options": ["a", "b"]}"#).unwrap().poll.unwrap();
        assert!(!plain.anonymous && plain.closes_at.is_none());
        assert!(poll(r#"{"options": ["a", "b"], "max_choices": 2, "results": "after_vote"}"#).is_ok());
        for bad in [
            "{}",
            r#"{"options": []}"#,
            r#"{"options": ["a"]}"#,
            r#"{"options": ["a", "A"]}"#,
            r#"{"options": ["a", " "]}"#,
            r#"{"options": ["a", "b"], "max_choices": 3}"#,
            r#"{"options": ["a", "b"], "max_choices": 0}"#,
            r#"{"options": ["a", "b"], "results": "never"}"#,
            r#"{"options": ["a", "b"], "options_by": "nobody"}"#,
            r#"{"options": ["a", "b"], "closes_at": "soon"}"#,
        ] {
            assert_eq!(poll(bad).unwrap_err(), Code::ValidationFailed, "{bad}");
        }
    }

    #[test]
    fn a_message_needs_a_text() {
        assert_eq!(draft("{}"), Err(Code::ValidationFailed));
        assert_eq!(draft(r#"{"text": null}"#), Err(Code::ValidationFailed));
    }
}

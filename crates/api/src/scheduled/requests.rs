//! Request bodies for scheduled messages, parsed into domain values.

use groupchat_domain::ids::{GroupId, MessageId};
use groupchat_domain::messages::{ClientId, MessageDraft, MessageText};
use groupchat_domain::scheduled::ScheduledChanges;
use groupchat_domain::time::Timestamp;
use paperclip::actix::Apiv2Schema;
use serde::Deserialize;

#[cfg(any(test, fuzzing))]
use crate::fuzzing::Parser;
use crate::polls::PollDraftDto;
use crate::problem::ApiError;
use crate::wire::{Change, Fields, Given, Optional, OptionalObject, Required};

/// A message to send later.
#[derive(Deserialize, Apiv2Schema)]
#[openapi(
    rename = "ScheduledMessageDraft",
    example = r#"{"text": "Good morning!", "send_at": "2026-12-24T08:00:00Z"}"#
)]
pub(super) struct ScheduledDraftDto {
    /// The text: 1–10,000 characters.
    pub text: Required<MessageText>,
    /// When to send it: in the future, at most a year away.
    pub send_at: Required<Timestamp>,
    /// An id of your choice, so that a repeated request schedules and sends the message once: 1–64 printable ASCII
    /// characters.
    pub client_id: Optional<ClientId>,
    /// The message to reply to, in the thread under it: one of the group that is no reply itself.
    pub thread_id: Optional<MessageId>,
    /// The message of the group to quote, whether or not it is in the same thread.
    pub reply_to: Optional<MessageId>,
    /// The poll that the message is to be: `text` is its question. It closes after it is sent.
    #[serde(default)]
    pub poll: OptionalObject<PollDraftDto>,
    #[serde(default)]
    files: Given,
}

impl ScheduledDraftDto {
    /// The message, and when it is to be sent.
    pub(super) fn parse(self, group: GroupId) -> Result<(MessageDraft, Timestamp), ApiError> {
        let mut fields = Fields::new();
        let text = fields.required("text", self.text);
        let send_at = fields.required("send_at", self.send_at);
        let client_id = fields.optional("client_id", self.client_id);
        let thread = fields.optional("thread_id", self.thread_id);
        let reply_to = fields.optional("reply_to", self.reply_to);
        let poll = self.poll.0.and_then(|poll| poll.parse(&mut fields));
        fields.unbuilt([("files", self.files)]);
        match text.zip(send_at) {
            Some((text, send_at)) if fields.are_good() => {
                Ok((MessageDraft { group, text, client_id, thread, reply_to, poll }, send_at))
            }
            _ => Err(fields.into()),
        }
    }
}

/// Changes to a scheduled message.
#[derive(Deserialize, Apiv2Schema)]
#[openapi(rename = "ScheduledMessageChanges")]
pub(super) struct ScheduledChangesDto {
    /// The new text: 1–10,000 characters.
    #[serde(default)]
    pub text: Change<MessageText>,
    /// When to send it: in the future, at most a year away. One that was refused is tried again then.
    #[serde(default)]
    pub send_at: Change<Timestamp>,
    #[serde(default)]
    client_id: Given,
    #[serde(default)]
    thread_id: Given,
    #[serde(default)]
    reply_to: Given,
    #[serde(default)]
    poll: Given,
    #[serde(default)]
    files: Given,
}

impl ScheduledChangesDto {
    pub(super) fn parse(self) -> Result<ScheduledChanges, ApiError> {
        let mut fields = Fields::new();
        let text = fields.changeable("text", self.text);
        let send_at = fields.changeable("send_at", self.send_at);
        let fixed = [
            ("thread_id", self.thread_id),
            ("reply_to", self.reply_to),
            ("client_id", self.client_id),
            ("poll", self.poll),
        ];
        fields.fixed(fixed);
        fields.unbuilt([("files", self.files)]);
        fields.finish()?;
        Ok(ScheduledChanges { text, send_at })
    }
}

/// The parsers of bodies.
#[cfg(any(test, fuzzing))]
pub(crate) fn bodies() -> Vec<Parser> {
    vec![
        Parser::of_body(|draft: ScheduledDraftDto| draft.parse(GroupId::new(7))),
        Parser::of_body(ScheduledChangesDto::parse),
    ]
}

//! Response bodies for scheduled messages.

use groupchat_domain::ids::{GroupId, MessageId};
use groupchat_domain::messages::{ClientId, MessageDraft, MessageText};
use groupchat_domain::polls::{OptionsBy, PollDraft, PollOptions, PollResults};
use groupchat_domain::scheduled::{Failure, NewScheduled, Scheduled, ScheduledId};
use paperclip::actix::Apiv2Schema;
use serde::Serialize;

use super::values::{RefusalCode, RefusalDetail};
use crate::polls::MaxChoices;
use crate::wire::{Field, Time};

/// A message that is sent later, or that was refused at its time.
#[derive(Debug, Serialize, Apiv2Schema)]
#[openapi(rename = "ScheduledMessage")]
pub(super) struct ScheduledDto {
    /// Its id. The message that is sent gets one of its own.
    pub id: Field<ScheduledId>,
    /// The group that it goes to.
    pub group_id: Field<GroupId>,
    /// The message that it replies to, in the thread under that.
    pub thread_id: Option<Field<MessageId>>,
    /// The text, as it was typed: whom it mentions is looked up when it is sent.
    pub text: Field<MessageText>,
    /// The id that you gave it.
    pub client_id: Option<Field<ClientId>>,
    /// The message of the group that it quotes.
    pub reply_to: Option<Field<MessageId>>,
    /// The poll that it is to be.
    pub poll: Option<ScheduledPollDto>,
    /// When it is sent.
    pub send_at: Time,
    /// When it was scheduled.
    pub created_at: Time,
    /// Why it was not sent; null as long as it waits.
    pub failed: Option<FailureDto>,
}

/// The poll that a scheduled message is to be.
#[derive(Debug, Serialize, Apiv2Schema)]
#[openapi(rename = "ScheduledPoll")]
pub(super) struct ScheduledPollDto {
    /// The options.
    pub options: Field<PollOptions>,
    /// How many options one may vote for.
    pub max_choices: Field<MaxChoices>,
    /// Whether nobody learns who votes for what.
    pub anonymous: Field<bool>,
    /// When the results are shown.
    pub results: Field<PollResults>,
    /// Who adds options.
    pub options_by: Field<OptionsBy>,
    /// When it closes by itself; null if it is open until somebody closes it.
    pub closes_at: Option<Time>,
}

impl From<PollDraft> for ScheduledPollDto {
    fn from(poll: PollDraft) -> Self {
        Self {
            options: Field(poll.options().clone()),
            max_choices: Field(MaxChoices(poll.max_choices())),
            anonymous: poll.anonymous.into(),
            results: poll.results.into(),
            options_by: poll.options_by.into(),
            closes_at: poll.closes_at.map(Time::from),
        }
    }
}

/// Why a scheduled message was not sent.
#[derive(Debug, Serialize, Apiv2Schema)]
#[openapi(rename = "ScheduledFailure")]
pub(super) struct FailureDto {
    /// The code that sending it would have been answered with.
    pub code: Field<RefusalCode>,
    /// The same in words.
    pub detail: Field<RefusalDetail>,
    /// When it was refused.
    pub at: Time,
}

impl From<Failure> for FailureDto {
    fn from(Failure { code, detail, at }: Failure) -> Self {
        Self { code: Field(RefusalCode(code)), detail: Field(RefusalDetail(detail)), at: at.into() }
    }
}

impl From<Scheduled> for ScheduledDto {
    fn from(Scheduled { id, new, failed }: Scheduled) -> Self {
        let NewScheduled { draft, send_at, created_at, .. } = new;
        let MessageDraft { group, text, client_id, thread, reply_to, poll } = draft;
        Self {
            id: id.into(),
            group_id: group.into(),
            thread_id: thread.map(Field),
            text: Field(text),
            client_id: client_id.map(Field),
            reply_to: reply_to.map(Field),
            poll: poll.map(ScheduledPollDto::from),
            send_at: send_at.into(),
            created_at: created_at.into(),
            failed: failed.map(FailureDto::from),
        }
    }
}

//! Scheduled messages.

pub use crate::ids::ScheduledId;
use crate::ids::{SessionId, UserId};
use crate::messages::{MessageDraft, MessageText};
use crate::text::TextBytes;
use crate::time::Timestamp;

/// The most scheduled messages that a user may have, those that were refused among them.
pub const MAX_SCHEDULED: i64 = 100;

/// A message that somebody wants to be sent at a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewScheduled {
    /// Whose it is.
    pub user: UserId,
    /// The token that it was scheduled with, if it was one: the message is sent as with it.
    pub token: Option<SessionId>,
    /// What is to be sent, and where.
    pub draft: MessageDraft,
    /// When.
    pub send_at: Timestamp,
    /// When it was scheduled.
    pub created_at: Timestamp,
}

/// A message that waits to be sent, or that was refused at its time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scheduled {
    /// Its id.
    pub id: ScheduledId,
    /// What is to be sent, by whom and when.
    pub new: NewScheduled,
    /// Why it was not sent.
    pub failed: Option<Failure>,
}

/// Why a message was not sent at its time. It is not tried again by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The stable name of the refusal, as the author would have got it.
    pub code: String,
    /// The refusal in words.
    pub detail: String,
    /// When it was refused.
    pub at: Timestamp,
}

/// Changes to a scheduled message. `None` keeps.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ScheduledChanges {
    /// Its text.
    pub text: Option<MessageText>,
    /// When it is sent. One that was refused is tried again then.
    pub send_at: Option<Timestamp>,
}

impl TextBytes for Scheduled {
    fn text_bytes(&self) -> usize {
        let failed = self.failed.as_ref().map_or(0, |failed| failed.code.len() + failed.detail.len());
        self.new.draft.text.text_bytes() + failed
    }
}

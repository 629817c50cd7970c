//! Reminders.

use crate::ids::{GroupId, MessageId, Seq, UserId};
use crate::time::Timestamp;

/// The most reminders that a user may have, those that are due among them.
pub const MAX_REMINDERS: i64 = 100;

/// That a user wants to be reminded of a message. There is one of a user for a message at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reminder {
    /// Whose it is.
    pub user: UserId,
    /// The message.
    pub message: MessageId,
    /// When.
    pub at: Timestamp,
    /// Whether the user was reminded.
    pub is_due: bool,
    /// When the user asked for it.
    pub created_at: Timestamp,
}

/// A reminder as the list of them needs it to decide whether its message is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OwnReminder {
    /// The reminder.
    pub reminder: Reminder,
    /// The group of the message.
    pub group: GroupId,
    /// The number in the group that decides who reads the message.
    pub history_seq: Seq,
}

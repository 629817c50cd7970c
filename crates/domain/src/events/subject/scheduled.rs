//! Subjects about scheduled messages.

use crate::events::about::{About, SubjectIds};
use crate::events::audience::OfUser;
use crate::ids::{GroupId, MessageId, UserId};
use crate::text::TextBytes;

/// The messages that a user has scheduled to a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OwnSchedule {
    /// The user.
    pub user: UserId,
    /// The group.
    pub group: GroupId,
}

/// A scheduled message that was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SentScheduled {
    /// Its author.
    pub user: UserId,
    /// The group.
    pub group: GroupId,
    /// The message.
    pub message: MessageId,
}

impl About for OwnSchedule {
    fn ids(&self) -> SubjectIds {
        SubjectIds { group: Some(self.group), user: Some(self.user), ..SubjectIds::default() }
    }
}

impl About for SentScheduled {
    fn ids(&self) -> SubjectIds {
        let (group, message) = (Some(self.group), Some(self.message));
        SubjectIds { group, user: Some(self.user), message, ..SubjectIds::default() }
    }
}

impl TextBytes for OwnSchedule {
    fn text_bytes(&self) -> usize {
        0
    }
}

impl TextBytes for SentScheduled {
    fn text_bytes(&self) -> usize {
        0
    }
}

impl OfUser for OwnSchedule {
    fn user_id(&self) -> UserId {
        self.user
    }
}

impl OfUser for SentScheduled {
    fn user_id(&self) -> UserId {
        self.user
    }
}

//! Subjects that are polls.

use crate::events::about::{About, SubjectIds};
use crate::events::audience::InGroup;
use crate::ids::{GroupId, MessageId, Seq};
use crate::messages::Message;
use crate::polls::Poll;
use crate::text::TextBytes;

/// A poll that has changed, by the message that it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PollUpdate {
    /// The group.
    pub group: GroupId,
    /// The message.
    pub message: MessageId,
    /// The number in the group that decides who reads it.
    pub history_seq: Seq,
    /// The poll.
    pub poll: Poll,
}

impl PollUpdate {
    /// Of a message that is a poll.
    pub(crate) fn of(message: &Message) -> Option<Self> {
        let poll = message.poll.as_deref()?.clone();
        Some(Self { group: message.group_id, message: message.id, history_seq: message.history_seq(), poll })
    }
}

impl About for PollUpdate {
    fn ids(&self) -> SubjectIds {
        SubjectIds { group: Some(self.group), message: Some(self.message), ..SubjectIds::default() }
    }
}

impl TextBytes for PollUpdate {
    fn text_bytes(&self) -> usize {
        self.poll.text_bytes()
    }
}

impl InGroup for PollUpdate {
    fn group_id(&self) -> GroupId {
        self.group
    }
}

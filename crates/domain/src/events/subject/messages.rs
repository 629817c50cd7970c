//! Subjects that are messages.

use crate::events::about::{About, SubjectIds};
use crate::events::audience::InGroup;
use crate::ids::GroupId;
use crate::messages::{Emoji, Message};
use crate::text::TextBytes;

impl About for Message {
    fn ids(&self) -> SubjectIds {
        SubjectIds { group: Some(self.group_id), message: Some(self.id), ..SubjectIds::default() }
    }
}

impl InGroup for Message {
    fn group_id(&self) -> GroupId {
        self.group_id
    }
}

/// A deleted message: without text and reactions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tombstone(pub Message);

impl About for Tombstone {
    fn ids(&self) -> SubjectIds {
        self.0.ids()
    }
}

impl TextBytes for Tombstone {
    fn text_bytes(&self) -> usize {
        self.0.text_bytes()
    }
}

impl InGroup for Tombstone {
    fn group_id(&self) -> GroupId {
        self.0.group_id
    }
}

/// A reaction that was given to a message or taken back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageReaction {
    /// The message, with all reactions to it.
    pub message: Message,
    /// The reaction.
    pub emoji: Emoji,
}

impl MessageReaction {
    /// How many users have given the reaction.
    pub fn count(&self) -> i64 {
        self.message.reactions.count(self.emoji)
    }
}

impl About for MessageReaction {
    fn ids(&self) -> SubjectIds {
        SubjectIds { emoji: Some(self.emoji), ..self.message.ids() }
    }
}

impl TextBytes for MessageReaction {
    fn text_bytes(&self) -> usize {
        self.message.text_bytes()
    }
}

impl InGroup for MessageReaction {
    fn group_id(&self) -> GroupId {
        self.message.group_id
    }
}

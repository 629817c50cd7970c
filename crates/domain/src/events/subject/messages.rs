//! Subjects that are messages.

use crate::events::about::{About, SubjectIds};
use crate::events::audience::InGroup;
use crate::ids::GroupId;
use crate::messages::Message;
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

/// A deleted message: without text and likes.
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

//! What every subject of an event has.

use crate::ids::{GroupId, InvitationId, MessageId, UserId};
use crate::messages::Emoji;
use crate::text::TextBytes;

/// The ids of a subject, and the emoji of a reaction. The log stores only these.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SubjectIds {
    /// The group that it is or belongs to.
    pub group: Option<GroupId>,
    /// The user that it is about.
    pub user: Option<UserId>,
    /// The message that it is.
    pub message: Option<MessageId>,
    /// The invitation that it is.
    pub invitation: Option<InvitationId>,
    /// The emoji of the reaction that it is.
    pub emoji: Option<Emoji>,
}

/// What every subject has. Its text counts toward the memory that queued events use.
pub(super) trait About: TextBytes {
    /// Its ids.
    fn ids(&self) -> SubjectIds;
}

//! Subjects about threads.

use crate::events::about::{About, SubjectIds};
use crate::events::audience::{InGroup, OfUser};
use crate::ids::{GroupId, MessageId, Seq, UserId};
use crate::messages::Thread;
use crate::text::TextBytes;

/// A thread, as everybody sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ThreadUpdate(pub Thread);

impl About for ThreadUpdate {
    fn ids(&self) -> SubjectIds {
        SubjectIds { group: Some(self.0.group), message: Some(self.0.root), ..SubjectIds::default() }
    }
}

impl TextBytes for ThreadUpdate {
    fn text_bytes(&self) -> usize {
        self.0.text_bytes()
    }
}

impl InGroup for ThreadUpdate {
    fn group_id(&self) -> GroupId {
        self.0.group
    }
}

/// A thread that a user follows, or no longer does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OwnThread {
    /// The group.
    pub group: GroupId,
    /// The message that was replied to.
    pub root: MessageId,
    /// Its number in the group.
    pub root_seq: Seq,
    /// The user.
    pub user: UserId,
}

impl OwnThread {
    /// What this thread is to a user.
    pub const fn of(thread: &Thread, user: UserId) -> Self {
        Self { group: thread.group, root: thread.root, root_seq: thread.root_seq, user }
    }
}

impl About for OwnThread {
    fn ids(&self) -> SubjectIds {
        let (group, message) = (Some(self.group), Some(self.root));
        SubjectIds { group, user: Some(self.user), message, ..SubjectIds::default() }
    }
}

impl TextBytes for OwnThread {
    fn text_bytes(&self) -> usize {
        0
    }
}

impl OfUser for OwnThread {
    fn user_id(&self) -> UserId {
        self.user
    }
}

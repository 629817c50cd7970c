//! Subjects about what users keep for themselves.

use crate::events::about::{About, SubjectIds};
use crate::events::audience::OfUser;
use crate::ids::{GroupId, MessageId, UserId};
use crate::saved::{Bookmark, Draft, DraftPlace, Reminder};
use crate::text::TextBytes;

/// The draft that a user has in a place now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DraftUpdate {
    /// The place.
    pub place: DraftPlace,
    /// The draft; `None` where there is none any more.
    pub draft: Option<Draft>,
}

impl About for DraftUpdate {
    fn ids(&self) -> SubjectIds {
        let DraftPlace { user, group, thread } = self.place;
        SubjectIds { group: Some(group), user: Some(user), message: thread, ..SubjectIds::default() }
    }
}

impl TextBytes for DraftUpdate {
    fn text_bytes(&self) -> usize {
        self.draft.text_bytes()
    }
}

impl OfUser for DraftUpdate {
    fn user_id(&self) -> UserId {
        self.place.user
    }
}

/// The bookmark that a user has on a message now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BookmarkUpdate {
    /// The user.
    pub user: UserId,
    /// The group of the message.
    pub group: GroupId,
    /// The message.
    pub message: MessageId,
    /// The bookmark; `None` where there is none any more.
    pub bookmark: Option<Bookmark>,
}

impl About for BookmarkUpdate {
    fn ids(&self) -> SubjectIds {
        let (group, message) = (Some(self.group), Some(self.message));
        SubjectIds { group, user: Some(self.user), message, ..SubjectIds::default() }
    }
}

impl TextBytes for BookmarkUpdate {
    fn text_bytes(&self) -> usize {
        self.bookmark.text_bytes()
    }
}

impl OfUser for BookmarkUpdate {
    fn user_id(&self) -> UserId {
        self.user
    }
}

/// The reminder that a user has of a message now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReminderUpdate {
    /// The user.
    pub user: UserId,
    /// The group of the message.
    pub group: GroupId,
    /// The message.
    pub message: MessageId,
    /// The reminder; `None` where there is none any more.
    pub reminder: Option<Reminder>,
}

impl About for ReminderUpdate {
    fn ids(&self) -> SubjectIds {
        let (group, message) = (Some(self.group), Some(self.message));
        SubjectIds { group, user: Some(self.user), message, ..SubjectIds::default() }
    }
}

impl TextBytes for ReminderUpdate {
    fn text_bytes(&self) -> usize {
        0
    }
}

impl OfUser for ReminderUpdate {
    fn user_id(&self) -> UserId {
        self.user
    }
}

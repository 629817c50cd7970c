//! Subjects that are groups.

use crate::events::about::{About, SubjectIds};
use crate::events::audience::{Audience, InGroup, Limited};
use crate::groups::Group;
use crate::ids::{GroupId, Seq, UserId};
use crate::text::TextBytes;

/// A group that was created, changed or shown to more users.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupUpdate {
    /// The group.
    pub group: Group,
    viewers: Audience,
}

impl GroupUpdate {
    /// For all who may know of the group.
    pub const fn of(group: Group) -> Self {
        let viewers = group.audience();
        Self { group, viewers }
    }

    /// Shows the group to a user who came in.
    pub const fn shown_to(group: Group, user: UserId) -> Self {
        Self { group, viewers: Audience::User(user) }
    }

    /// The change from `before` to `after`: for those who knew of the group and still do.
    pub const fn between(before: &Group, after: Group) -> Self {
        let is_listed = before.visibility.is_listed() && after.visibility.is_listed();
        let viewers = if is_listed { Audience::All } else { Audience::Group(after.id) };
        Self { group: after, viewers }
    }

    /// The change as the log contains it.
    pub const fn logged(group: Group, viewers: Audience) -> Self {
        Self { group, viewers }
    }
}

impl About for GroupUpdate {
    fn ids(&self) -> SubjectIds {
        let user = match self.viewers {
            Audience::User(user) => Some(user),
            _ => None,
        };
        SubjectIds { group: Some(self.group.id), user, ..SubjectIds::default() }
    }
}

impl TextBytes for GroupUpdate {
    fn text_bytes(&self) -> usize {
        self.group.text_bytes()
    }
}

impl Limited for GroupUpdate {
    fn viewers(&self) -> Audience {
        self.viewers
    }
}

/// A group that was deleted, or that not all see any more: its id, and who may learn of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RemovedGroup {
    /// Its id.
    pub id: GroupId,
    viewers: Audience,
}

impl RemovedGroup {
    /// Those who could see the group may see that it was deleted.
    pub const fn of(group: &Group) -> Self {
        Self { id: group.id, viewers: group.audience() }
    }

    /// The group was listed, and everybody who is not in it is told that they no longer see it.
    pub const fn hidden(id: GroupId) -> Self {
        Self { id, viewers: Audience::All }
    }

    /// The deletion as the log contains it. To emit one, use [`of`](Self::of).
    pub const fn logged(id: GroupId, viewers: Audience) -> Self {
        Self { id, viewers }
    }
}

impl About for RemovedGroup {
    fn ids(&self) -> SubjectIds {
        SubjectIds { group: Some(self.id), ..SubjectIds::default() }
    }
}

impl TextBytes for RemovedGroup {
    fn text_bytes(&self) -> usize {
        0
    }
}

impl Limited for RemovedGroup {
    fn viewers(&self) -> Audience {
        self.viewers
    }
}

/// A group of which messages were removed for their age.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TrimmedHistory {
    /// The group.
    pub group: GroupId,
    /// All up to this number are gone, but for those that are exempt.
    pub upto: Seq,
}

impl About for TrimmedHistory {
    fn ids(&self) -> SubjectIds {
        SubjectIds { group: Some(self.group), ..SubjectIds::default() }
    }
}

impl TextBytes for TrimmedHistory {
    fn text_bytes(&self) -> usize {
        0
    }
}

impl InGroup for TrimmedHistory {
    fn group_id(&self) -> GroupId {
        self.group
    }
}

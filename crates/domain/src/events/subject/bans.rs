//! Subjects about bans.

use crate::events::about::{About, SubjectIds};
use crate::events::audience::{Audience, Limited};
use crate::groups::Ban;
use crate::ids::{GroupId, UserId};
use crate::permissions::PermittedRoles;
use crate::text::TextBytes;

/// A ban from a group, and who is told of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BanUpdate {
    /// The group.
    pub group: GroupId,
    /// The ban.
    pub ban: Ban,
    /// The roles that may ban: of the members, only these are told.
    pub moderators: PermittedRoles,
    viewers: Audience,
}

impl BanUpdate {
    /// A ban of which the members of some roles are told, and the banned user if they know of the group.
    pub const fn of(group: GroupId, ban: Ban, moderators: PermittedRoles, tells_user: bool) -> Self {
        let viewers = viewers_of_ban(group, ban.user.id, tells_user);
        Self { group, ban, moderators, viewers }
    }

    /// The ban as the log contains it. To emit one, use [`of`](Self::of).
    pub const fn logged(group: GroupId, ban: Ban, moderators: PermittedRoles, viewers: Audience) -> Self {
        Self { group, ban, moderators, viewers }
    }
}

impl About for BanUpdate {
    fn ids(&self) -> SubjectIds {
        SubjectIds { group: Some(self.group), user: Some(self.ban.user.id), ..SubjectIds::default() }
    }
}

impl TextBytes for BanUpdate {
    fn text_bytes(&self) -> usize {
        self.ban.text_bytes() + self.moderators.text_bytes()
    }
}

impl Limited for BanUpdate {
    fn viewers(&self) -> Audience {
        self.viewers
    }
}

/// A ban that was lifted, and who is told of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndedBan {
    /// The group.
    pub group: GroupId,
    /// The user who was banned.
    pub user: UserId,
    /// The roles that may ban: of the members, only these are told.
    pub moderators: PermittedRoles,
    viewers: Audience,
}

impl EndedBan {
    /// The end of a ban of which the members of some roles are told, and the user if they know of the group.
    pub const fn of(group: GroupId, user: UserId, moderators: PermittedRoles, tells_user: bool) -> Self {
        let viewers = viewers_of_ban(group, user, tells_user);
        Self { group, user, moderators, viewers }
    }

    /// The end as the log contains it. To emit one, use [`of`](Self::of).
    pub const fn logged(group: GroupId, user: UserId, moderators: PermittedRoles, viewers: Audience) -> Self {
        Self { group, user, moderators, viewers }
    }
}

impl About for EndedBan {
    fn ids(&self) -> SubjectIds {
        SubjectIds { group: Some(self.group), user: Some(self.user), ..SubjectIds::default() }
    }
}

impl TextBytes for EndedBan {
    fn text_bytes(&self) -> usize {
        self.moderators.text_bytes()
    }
}

impl Limited for EndedBan {
    fn viewers(&self) -> Audience {
        self.viewers
    }
}

/// The members of the group, of whom the viewer of events leaves out those who may not ban, and perhaps the user.
const fn viewers_of_ban(group: GroupId, user: UserId, tells_user: bool) -> Audience {
    if tells_user { Audience::GroupAndUser(group, user) } else { Audience::Group(group) }
}

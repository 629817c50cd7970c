//! Subjects about members of groups.

use crate::events::about::{About, SubjectIds};
use crate::events::audience::{InGroup, OfUser};
use crate::groups::{History, Member};
use crate::ids::{GroupId, UserId};
use crate::permissions::PermittedRoles;
use crate::text::TextBytes;

/// A member of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupMember {
    /// The group.
    pub group: GroupId,
    /// The member.
    pub member: Member,
}

impl About for GroupMember {
    fn ids(&self) -> SubjectIds {
        SubjectIds { group: Some(self.group), user: Some(self.member.user.id), ..SubjectIds::default() }
    }
}

impl TextBytes for GroupMember {
    fn text_bytes(&self) -> usize {
        self.member.text_bytes()
    }
}

impl InGroup for GroupMember {
    fn group_id(&self) -> GroupId {
        self.group
    }
}

/// A member of a group, with their own settings: for the member alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnMembership(pub GroupMember);

impl About for OwnMembership {
    fn ids(&self) -> SubjectIds {
        self.0.ids()
    }
}

impl TextBytes for OwnMembership {
    fn text_bytes(&self) -> usize {
        self.0.text_bytes()
    }
}

impl OfUser for OwnMembership {
    fn user_id(&self) -> UserId {
        self.0.member.user.id
    }
}

/// A user who came into a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddedMember {
    /// The group.
    pub group: GroupId,
    /// The member.
    pub member: Member,
    /// Which messages of the group its members read: whoever follows the member's events has to know.
    pub history: History,
}

impl About for AddedMember {
    fn ids(&self) -> SubjectIds {
        SubjectIds { group: Some(self.group), user: Some(self.member.user.id), ..SubjectIds::default() }
    }
}

impl TextBytes for AddedMember {
    fn text_bytes(&self) -> usize {
        self.member.text_bytes()
    }
}

impl InGroup for AddedMember {
    fn group_id(&self) -> GroupId {
        self.group
    }
}

/// A user who is no longer a member of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RemovedMember {
    /// The group.
    pub group: GroupId,
    /// The user.
    pub user: UserId,
}

impl About for RemovedMember {
    fn ids(&self) -> SubjectIds {
        SubjectIds { group: Some(self.group), user: Some(self.user), ..SubjectIds::default() }
    }
}

impl TextBytes for RemovedMember {
    fn text_bytes(&self) -> usize {
        0
    }
}

impl InGroup for RemovedMember {
    fn group_id(&self) -> GroupId {
        self.group
    }
}

impl OfUser for RemovedMember {
    fn user_id(&self) -> UserId {
        self.user
    }
}

/// Which roles of a group send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupSenders {
    /// The group.
    pub group: GroupId,
    /// Its roles that may send.
    pub senders: PermittedRoles,
}

impl About for GroupSenders {
    fn ids(&self) -> SubjectIds {
        SubjectIds { group: Some(self.group), ..SubjectIds::default() }
    }
}

impl TextBytes for GroupSenders {
    fn text_bytes(&self) -> usize {
        self.senders.text_bytes()
    }
}

impl InGroup for GroupSenders {
    fn group_id(&self) -> GroupId {
        self.group
    }
}

/// A direct conversation of two people: of the actor, if there is one, with a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DirectPartner {
    /// The conversation.
    pub group: GroupId,
    /// The user.
    pub user: UserId,
}

impl About for DirectPartner {
    fn ids(&self) -> SubjectIds {
        SubjectIds { group: Some(self.group), user: Some(self.user), ..SubjectIds::default() }
    }
}

impl TextBytes for DirectPartner {
    fn text_bytes(&self) -> usize {
        0
    }
}

impl InGroup for DirectPartner {
    fn group_id(&self) -> GroupId {
        self.group
    }
}

//! Subjects about requests to join a group.

use crate::admissions::JoinRequest;
use crate::events::about::{About, SubjectIds};
use crate::events::audience::{InGroup, OfUser};
use crate::ids::{GroupId, UserId};
use crate::permissions::PermittedRoles;
use crate::text::TextBytes;

/// A request to join a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JoinRequestUpdate {
    /// The group.
    pub group: GroupId,
    /// The request.
    pub request: JoinRequest,
    /// The roles that may approve it: of the members, only these are told.
    pub approvers: PermittedRoles,
}

impl About for JoinRequestUpdate {
    fn ids(&self) -> SubjectIds {
        SubjectIds { group: Some(self.group), user: Some(self.request.user.id), ..SubjectIds::default() }
    }
}

impl TextBytes for JoinRequestUpdate {
    fn text_bytes(&self) -> usize {
        self.request.text_bytes() + self.approvers.text_bytes()
    }
}

impl InGroup for JoinRequestUpdate {
    fn group_id(&self) -> GroupId {
        self.group
    }
}

impl OfUser for JoinRequestUpdate {
    fn user_id(&self) -> UserId {
        self.request.user.id
    }
}

/// A request to join a group that is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndedJoinRequest {
    /// The group.
    pub group: GroupId,
    /// Who asked.
    pub user: UserId,
    /// The roles that may approve requests: of the members, only these are told.
    pub approvers: PermittedRoles,
}

impl About for EndedJoinRequest {
    fn ids(&self) -> SubjectIds {
        SubjectIds { group: Some(self.group), user: Some(self.user), ..SubjectIds::default() }
    }
}

impl TextBytes for EndedJoinRequest {
    fn text_bytes(&self) -> usize {
        self.approvers.text_bytes()
    }
}

impl InGroup for EndedJoinRequest {
    fn group_id(&self) -> GroupId {
        self.group
    }
}

impl OfUser for EndedJoinRequest {
    fn user_id(&self) -> UserId {
        self.user
    }
}

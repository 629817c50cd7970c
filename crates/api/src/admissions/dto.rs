//! Response bodies for ways into groups.

use groupchat_domain::admissions::{Invitation, InvitedGroup, JoinRequest, JudgedInvitation, Note};
use groupchat_domain::groups::GroupName;
use groupchat_domain::ids::{GroupId, InvitationId};
use groupchat_domain::permissions::RoleName;
use paperclip::actix::Apiv2Schema;
use serde::Serialize;

use super::values::Requested;
use crate::accounts::UserRefDto;
use crate::wire::{Count, Field, Time};

/// An invitation of the caller.
#[derive(Debug, Serialize, Apiv2Schema)]
#[openapi(rename = "Invitation")]
pub(crate) struct InvitationDto {
    /// The invitation's id, which stays when it is changed.
    pub id: Field<InvitationId>,
    /// The group.
    pub group: InvitedGroupDto,
    /// Who invites.
    pub invited_by: UserRefDto,
    /// What the inviter writes.
    pub note: Option<Field<Note>>,
    /// When it was made, or last changed.
    pub created_at: Time,
    /// Until when it can be accepted; null for no end.
    pub expires_at: Option<Time>,
}

impl From<Invitation> for InvitationDto {
    fn from(invitation: Invitation) -> Self {
        Self {
            id: invitation.id.into(),
            group: invitation.group.into(),
            invited_by: invitation.invited_by.into(),
            note: invitation.note.map(Field),
            created_at: invitation.created_at.into(),
            expires_at: invitation.expires_at.map(Time::from),
        }
    }
}

/// What somebody who is invited learns of the group.
#[derive(Debug, Serialize, Apiv2Schema)]
#[openapi(rename = "InvitedGroup")]
pub(crate) struct InvitedGroupDto {
    /// The group's id; null for a private group.
    pub id: Option<Field<GroupId>>,
    /// The group's name.
    pub name: Option<Field<GroupName>>,
    /// The number of its members.
    pub member_count: Field<Count>,
}

impl From<InvitedGroup> for InvitedGroupDto {
    fn from(group: InvitedGroup) -> Self {
        let id = group.visibility.is_listed().then_some(Field(group.id));
        Self { id, name: group.name.map(Field), member_count: group.member_count.into() }
    }
}

/// An invitation, as those see it who may invite.
#[derive(Debug, Serialize, Apiv2Schema)]
#[openapi(rename = "GroupInvitation")]
pub(crate) struct GroupInvitationDto {
    /// The invitation's id, which stays when it is changed.
    pub id: Field<InvitationId>,
    /// Who is invited.
    pub user: UserRefDto,
    /// Who invites.
    pub invited_by: UserRefDto,
    /// The role that the user gets.
    pub role: Field<RoleName>,
    /// What the inviter writes to the user.
    pub note: Option<Field<Note>>,
    /// When it was made, or last changed.
    pub created_at: Time,
    /// Until when it can be accepted; null for no end.
    pub expires_at: Option<Time>,
    /// Whether it can be accepted now: it has not expired, and the inviter may still invite and give the role.
    pub valid: Field<bool>,
}

impl From<JudgedInvitation> for GroupInvitationDto {
    fn from(JudgedInvitation { invitation, is_valid }: JudgedInvitation) -> Self {
        Self {
            id: invitation.id.into(),
            user: invitation.user.into(),
            invited_by: invitation.invited_by.into(),
            role: invitation.role.into(),
            note: invitation.note.map(Field),
            created_at: invitation.created_at.into(),
            expires_at: invitation.expires_at.map(Time::from),
            valid: is_valid.into(),
        }
    }
}

/// A request to join a group, as the one who asked sees it.
#[derive(Debug, Serialize, Apiv2Schema)]
#[openapi(rename = "Requested")]
pub(crate) struct RequestedDto {
    /// Those who may `approve_requests` decide.
    pub status: Field<Requested>,
    /// What the caller has written to them.
    pub message: Option<Field<Note>>,
    /// When the caller asked first.
    pub created_at: Time,
}

impl From<JoinRequest> for RequestedDto {
    fn from(request: JoinRequest) -> Self {
        Self {
            status: Field(Requested),
            message: request.message.map(Field),
            created_at: request.created_at.into(),
        }
    }
}

/// A request to join a group.
#[derive(Debug, Serialize, Apiv2Schema)]
#[openapi(rename = "JoinRequest")]
pub(crate) struct JoinRequestDto {
    /// Who asks.
    pub user: UserRefDto,
    /// What they write to those who decide.
    pub message: Option<Field<Note>>,
    /// When they asked.
    pub created_at: Time,
}

impl From<JoinRequest> for JoinRequestDto {
    fn from(request: JoinRequest) -> Self {
        Self {
            user: request.user.into(),
            message: request.message.map(Field),
            created_at: request.created_at.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use groupchat_domain::groups::Visibility;

    use super::*;

    #[test]
    fn only_the_id_of_a_listed_group_is_told() {
        for visibility in Visibility::ALL {
            let name = GroupName::parse("Board").ok();
            let group = InvitedGroup { id: GroupId::new(7), name, visibility, member_count: 3 };
            let told = InvitedGroupDto::from(group).id.is_some();
            assert_eq!(told, visibility != Visibility::Private, "{visibility:?}");
        }
    }
}

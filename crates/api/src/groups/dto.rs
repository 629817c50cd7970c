//! Response bodies for groups.

use groupchat_domain::groups::{Description, GroupName, GroupView, Member, Role, Visibility};
use groupchat_domain::ids::{GroupId, Seq, Version};
use paperclip::actix::Apiv2Schema;
use serde::Serialize;

use crate::accounts::UserRefDto;
use crate::messages::MessageDto;
use crate::wire::{Count, Field, Time};

/// A group, as the caller sees it.
#[derive(Debug, Serialize, Apiv2Schema)]
#[openapi(rename = "Group")]
pub struct GroupDto {
    /// The group's id.
    pub id: Field<GroupId>,
    /// The group's name.
    pub name: Field<GroupName>,
    /// What it is about.
    pub description: Option<Field<Description>>,
    /// Who can find it: `public`.
    pub visibility: Field<Visibility>,
    /// Counts the changes of name, description and visibility, from 1.
    pub version: Field<Version>,
    /// When it was made.
    pub created_at: Time,
    /// How many members it has.
    pub member_count: Field<Count>,
    /// `owner`, `admin` or `member`; null for others.
    pub my_role: Option<Field<Role>>,
    /// The number of its newest message, 0 before the first.
    pub last_seq: Field<Seq>,
    /// The number up to which the caller has read; null for others than members.
    pub read_seq: Option<Field<Seq>>,
    /// How many messages the caller has not read; null for others than members.
    pub unread: Option<Field<Count>>,
    /// The newest message; null for others than members, and before the first.
    pub last_message: Option<MessageDto>,
}

impl From<GroupView> for GroupDto {
    fn from(view: GroupView) -> Self {
        let unread = view.unread().map(Field::from);
        let GroupView { group, standing, last_message } = view;
        Self {
            id: group.id.into(),
            name: group.name.into(),
            description: group.description.map(Field),
            visibility: group.visibility.into(),
            version: group.version.into(),
            created_at: group.created_at.into(),
            member_count: group.member_count.into(),
            my_role: standing.map(|standing| standing.role.into()),
            last_seq: group.last_seq.into(),
            read_seq: standing.map(|standing| standing.read_seq.into()),
            unread,
            last_message: last_message.map(MessageDto::from),
        }
    }
}

/// A member of a group.
#[derive(Debug, Serialize, Apiv2Schema)]
#[openapi(rename = "Member")]
pub struct MemberDto {
    /// Who it is.
    pub user: UserRefDto,
    /// `owner`, `admin` or `member`.
    pub role: Field<Role>,
    /// Since when they are in the group.
    pub joined_at: Time,
}

impl From<Member> for MemberDto {
    fn from(member: Member) -> Self {
        Self { user: member.user.into(), role: member.role.into(), joined_at: member.joined_at.into() }
    }
}

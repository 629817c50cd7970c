//! The JSON that answers about groups hold.

use groupchat_domain::groups::{Description, GroupView, Member};
use paperclip::actix::Apiv2Schema;
use serde::Serialize;

use crate::accounts::UserRefDto;
use crate::messages::MessageDto;
use crate::wire::Time;

/// A group, as the caller may see it.
#[derive(Debug, Serialize, Apiv2Schema)]
#[openapi(rename = "Group")]
pub struct GroupDto {
    /// The group's id.
    pub id: i64,
    /// The group's name.
    pub name: String,
    /// What it is about.
    pub description: Option<String>,
    /// Who can find it: `public`.
    pub visibility: &'static str,
    /// Counts the changes of name, description and visibility, from 1.
    pub version: i64,
    /// When it was made.
    pub created_at: Time,
    /// How many members it has.
    pub member_count: i64,
    /// `owner`, `admin` or `member`; null for others.
    pub my_role: Option<&'static str>,
    /// The number of its newest message, 0 before the first.
    pub last_seq: i64,
    /// The number up to which the caller has read; null for others than members.
    pub read_seq: Option<i64>,
    /// How many messages the caller has not read; null for others than members.
    pub unread: Option<i64>,
    /// The newest message; null for others than members, and before the first.
    pub last_message: Option<MessageDto>,
}

impl From<GroupView> for GroupDto {
    fn from(view: GroupView) -> Self {
        let unread = view.unread();
        let GroupView { group, standing, last_message } = view;
        Self {
            id: group.id.get(),
            name: group.name.into_string(),
            description: group.description.map(Description::into_string),
            visibility: group.visibility.as_str(),
            version: group.version.get(),
            created_at: group.created_at.into(),
            member_count: group.member_count,
            my_role: standing.map(|standing| standing.role.as_str()),
            last_seq: group.last_seq.get(),
            read_seq: standing.map(|standing| standing.read_seq.get()),
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
    pub role: &'static str,
    /// Since when they are in the group.
    pub joined_at: Time,
}

impl From<Member> for MemberDto {
    fn from(member: Member) -> Self {
        Self { user: member.user.into(), role: member.role.as_str(), joined_at: member.joined_at.into() }
    }
}

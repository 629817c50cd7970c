//! Response bodies for groups.

use groupchat_domain::groups::{Description, Group, GroupName, GroupView, History, Member, Visibility};
use groupchat_domain::ids::{GroupId, Seq, Version};
use groupchat_domain::permissions::RoleName;
use paperclip::actix::Apiv2Schema;
use serde::Serialize;

use crate::accounts::UserRefDto;
use crate::messages::MessageDto;
use crate::wire::{Count, Field, FixedFields, Time};

/// A group, as the caller sees it.
#[derive(Debug, Serialize, Apiv2Schema)]
#[openapi(rename = "Group")]
pub struct GroupDto {
    /// The group's id.
    pub id: Field<GroupId>,
    /// The group's name.
    pub name: Field<GroupName>,
    /// The description.
    pub description: Option<Field<Description>>,
    /// Who can find it: `public`, `closed` or `private`.
    pub visibility: Field<Visibility>,
    /// Which messages its members read: `all`, or, with `joined`, those sent after they joined.
    pub history: Field<History>,
    /// Increases with every change of what is above, starting at 1.
    pub version: Field<Version>,
    /// When it was created.
    pub created_at: Time,
    /// The number of its members.
    pub member_count: Field<Count>,
    /// The caller's role; null if the caller is not a member.
    pub my_role: Option<Field<RoleName>>,
    /// The number of its newest message; 0 if there is none.
    pub last_seq: Field<Seq>,
    /// The number up to which the caller has read; null if the caller is not a member.
    pub read_seq: Option<Field<Seq>>,
    /// The number of messages that the caller has not read; null if the caller is not a member.
    pub unread: Option<Field<Count>>,
    /// The newest message; null before the first, and for those who may not read it.
    pub last_message: Option<MessageDto>,
}

impl GroupDto {
    /// Everybody gets the same events, so what depends on the reader is null.
    pub(crate) const IN_EVENTS: FixedFields =
        FixedFields { null: &["my_role", "read_seq", "unread", "last_message"], given: &[] };

    /// A group as in events.
    pub(crate) fn for_everybody(group: Group) -> Self {
        GroupView::new(group, None, None).into()
    }
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
            history: group.history.into(),
            version: group.version.into(),
            created_at: group.created_at.into(),
            member_count: group.member_count.into(),
            last_seq: group.last_seq.into(),
            read_seq: standing.as_ref().map(|standing| standing.read_seq.into()),
            my_role: standing.map(|standing| standing.role.title.name.into()),
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
    /// The role.
    pub role: Field<RoleName>,
    /// When they joined the group.
    pub joined_at: Time,
}

impl From<Member> for MemberDto {
    fn from(member: Member) -> Self {
        Self { user: member.user.into(), role: member.role.name.into(), joined_at: member.joined_at.into() }
    }
}

#[cfg(test)]
mod tests {
    use groupchat_domain::time::Timestamp;

    use super::*;

    fn group(description: Option<Description>) -> Group {
        Group {
            id: GroupId::new(7),
            name: GroupName::parse("Team").unwrap(),
            description,
            visibility: Visibility::Public,
            history: History::All,
            version: Version::FIRST,
            created_at: Timestamp::from_micros(1_000_000),
            member_count: 1,
            last_seq: Seq::new(1),
        }
    }

    #[test]
    fn events_fix_what_they_say() {
        let full = group(Some(Description::parse("ours").unwrap()));
        GroupDto::IN_EVENTS.assert_of(&GroupDto::for_everybody(full), &GroupDto::for_everybody(group(None)));
    }
}

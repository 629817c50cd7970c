//! Response bodies for groups.

use groupchat_domain::groups::{
    Description, Group, GroupKind, GroupName, GroupView, History, ListedMember, Member, MemberSettings,
    Notify, Reason, RetentionDays, SlowMode, Topic, Visibility,
};
use groupchat_domain::ids::{GroupId, Seq, UserId, Version};
use groupchat_domain::permissions::{PermissionSet, RoleName};
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
    /// `group`, or `direct` for a direct conversation.
    pub kind: Field<GroupKind>,
    /// The group's name; null for a direct conversation.
    pub name: Option<Field<GroupName>>,
    /// The description.
    pub description: Option<Field<Description>>,
    /// Who can find it: `public`, `closed` or `private`.
    pub visibility: Field<Visibility>,
    /// Which messages its members read: `all`, or, with `joined`, those sent after they joined.
    pub history: Field<History>,
    /// What it talks about at the moment.
    pub topic: Option<Field<Topic>>,
    /// How many seconds members wait between their messages; 0 if they don't.
    pub slow_mode_seconds: Field<SlowMode>,
    /// Whether members see how far others have read; null if that is left to the group's kind and size: in direct
    /// conversations and groups of up to 50 members, they do.
    pub receipts: Option<Field<bool>>,
    /// How many days messages stay, 0 for ever; null if the group leaves that to the server. Older messages are removed for
    /// good.
    pub retention_days: Option<Field<RetentionDays>>,
    /// When it was archived; null unless it is. An archived group can be read, and nothing in it can be changed.
    pub archived_at: Option<Time>,
    /// Increases with every change of what is above, starting at 1.
    pub version: Field<Version>,
    /// When it was created.
    pub created_at: Time,
    /// The number of its members.
    pub member_count: Field<Count>,
    /// The caller's role; null if the caller is not a member.
    pub my_role: Option<Field<RoleName>>,
    /// What the caller's role allows; null if the caller is not a member.
    pub my_permissions: Option<Field<PermissionSet>>,
    /// The number of its newest message; 0 if there was none.
    pub last_seq: Field<Seq>,
    /// Messages up to this number were removed because of their age, but for those that are exempt; 0 if none were.
    pub trimmed_seq: Field<Seq>,
    /// The number up to which the caller has read; null if the caller is not a member.
    pub read_seq: Option<Field<Seq>>,
    /// The number of messages that the caller has not read; null if the caller is not a member.
    pub unread: Option<Field<Count>>,
    /// Increases when the caller marks messages as unread, and never goes back, also after leaving and joining; null if the
    /// caller is not a member.
    pub read_version: Option<Field<Version>>,
    /// How many of these mention the caller. At most 100 are counted of those that name the caller, and at most 100 of those
    /// that mention all members. Null if the caller is not a member.
    pub unread_mentions: Option<Field<Count>>,
    /// The newest message; null before the first, and for those who may not read it.
    pub last_message: Option<MessageDto>,
    /// The caller's own settings of the group; null if the caller is not a member.
    pub my_settings: Option<MemberSettingsDto>,
    /// The longest-serving owner; null except in the list of all groups (`?all=true`), and there if nobody owns it.
    pub owner: Option<UserRefDto>,
}

impl GroupDto {
    /// Everybody gets the same events, so what depends on the reader is null.
    pub(crate) const IN_EVENTS: FixedFields = FixedFields {
        null: &[
            "my_role",
            "my_permissions",
            "read_seq",
            "unread",
            "read_version",
            "unread_mentions",
            "last_message",
            "my_settings",
            "owner",
        ],
        given: &[],
    };

    /// A group as in events.
    pub(crate) fn for_everybody(group: Group) -> Self {
        GroupView::new(group, None, None).into()
    }
}

impl From<GroupView> for GroupDto {
    fn from(view: GroupView) -> Self {
        let read = view.read_state();
        let my_permissions = view.permissions().map(Field::from);
        let unread_mentions = view.standing.as_ref().map(|_| view.unread_mentions.into());
        let GroupView { group, standing, last_message, owner, .. } = view;
        let my_settings = standing.as_ref().map(|standing| standing.settings.into());
        Self {
            id: group.id.into(),
            kind: group.kind().into(),
            name: group.name.map(Field),
            description: group.description.map(Field),
            visibility: group.visibility.into(),
            history: group.history.into(),
            topic: group.topic.map(Field),
            slow_mode_seconds: group.slow_mode.into(),
            receipts: group.receipts.map(Field),
            retention_days: group.retention.map(Field),
            archived_at: group.archived_at.map(Time::from),
            version: group.version.into(),
            created_at: group.created_at.into(),
            member_count: group.member_count.into(),
            last_seq: group.last_seq.into(),
            trimmed_seq: group.trimmed.upto.into(),
            read_seq: read.map(|read| read.read_seq.into()),
            my_role: standing.map(|standing| standing.role.title.name.into()),
            unread: read.map(|read| read.unread.into()),
            read_version: read.map(|read| read.version.into()),
            unread_mentions,
            my_permissions,
            last_message: last_message.map(MessageDto::from),
            my_settings,
            owner: owner.map(UserRefDto::from),
        }
    }
}

/// What was removed of a group's messages.
#[derive(Debug, Serialize, Apiv2Schema)]
#[openapi(rename = "TrimmedHistory")]
pub struct TrimmedHistoryDto {
    /// Messages up to this number are gone, with the replies to them, but for those that are exempt.
    pub trimmed_seq: Field<Seq>,
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
    /// Whether they joined without being let in, as somebody who manages the groups of the server.
    pub as_admin: Field<bool>,
    /// The member's own settings of the group; null if the member is not the caller.
    pub settings: Option<MemberSettingsDto>,
    /// Until when the member is muted; null for one who is not. A mute without an end has the end
    /// `9999-01-01T00:00:00.000000Z`.
    pub muted_until: Option<Time>,
    /// Why the member is muted; null unless the caller is the member or may mute members.
    pub mute_reason: Option<Field<Reason>>,
    /// The number of the last message that the member has read; null except in the list of members, and there where the
    /// group doesn't show it, or the member or the caller hides it.
    pub read_seq: Option<Field<Seq>>,
}

impl MemberDto {
    /// Only `settings.updated` contains settings, and only the member receives it. The reason of a mute is not for all who
    /// are told of it.
    pub(crate) const IN_EVENTS: FixedFields =
        FixedFields { null: &["settings", "mute_reason", "read_seq"], given: &[] };

    /// The same for that event.
    pub(crate) const OWN_IN_EVENTS: FixedFields = FixedFields { null: &["read_seq"], given: &["settings"] };

    /// A member as in events for others.
    pub(crate) fn for_everybody(member: Member) -> Self {
        Self {
            user: member.user.into(),
            role: member.role.name.into(),
            joined_at: member.joined_at.into(),
            as_admin: member.as_admin.into(),
            settings: None,
            muted_until: member.mute.map(|mute| mute.until.into()),
            mute_reason: None,
            read_seq: None,
        }
    }

    /// A member as they see themselves.
    pub(crate) fn for_themselves(member: Member) -> Self {
        let settings = Some(member.settings.into());
        Self { settings, ..Self::with_mute_reason(member) }
    }

    /// A member as somebody sees them who may mute.
    fn with_mute_reason(member: Member) -> Self {
        let mute_reason = member.mute.as_ref().and_then(|mute| mute.reason.clone()).map(Field);
        Self { mute_reason, ..Self::for_everybody(member) }
    }

    /// A member as the viewer sees them, who may not know why the member is muted.
    pub(crate) fn seen_by(viewer: UserId, member: Member) -> Self {
        if member.user.id == viewer { Self::for_themselves(member) } else { Self::for_everybody(member) }
    }

    /// The same, where the use case has left out the reasons of mutes that are not for the viewer.
    pub(super) fn told_to(viewer: UserId, member: Member) -> Self {
        if member.user.id == viewer { Self::for_themselves(member) } else { Self::with_mute_reason(member) }
    }

    /// The same in the list, with how far the member has read.
    pub(super) fn listed_for(viewer: UserId, ListedMember { member, read_seq }: ListedMember) -> Self {
        Self { read_seq: read_seq.map(Field), ..Self::told_to(viewer, member) }
    }
}

/// A member's own settings of a group.
#[derive(Debug, Serialize, Apiv2Schema)]
#[openapi(rename = "MemberSettings")]
pub struct MemberSettingsDto {
    /// What to be notified of: `all`, `mentions` or `none`.
    pub notify: Field<Notify>,
    /// Whether the group comes first in your list.
    pub pinned: Field<bool>,
    /// Whether the group is left out of your list.
    pub hidden: Field<bool>,
}

impl From<MemberSettings> for MemberSettingsDto {
    fn from(settings: MemberSettings) -> Self {
        let MemberSettings { notify, pinned, hidden } = settings;
        Self { notify: notify.into(), pinned: pinned.into(), hidden: hidden.into() }
    }
}

#[cfg(test)]
mod tests {
    use groupchat_domain::groups::Trimmed;
    use groupchat_domain::time::Timestamp;

    use super::*;

    fn group(description: Option<Description>) -> Group {
        Group {
            id: GroupId::new(7),
            name: description.as_ref().map(|_| GroupName::parse("Team").unwrap()),
            visibility: Visibility::Public,
            history: History::All,
            topic: description.as_ref().map(|_| Topic::parse("cogs").unwrap()),
            slow_mode: SlowMode::OFF,
            receipts: description.as_ref().map(|_| true),
            retention: description.as_ref().map(|_| RetentionDays::FOREVER),
            archived_at: description.as_ref().map(|_| Timestamp::from_micros(2_000_000)),
            version: Version::FIRST,
            created_at: Timestamp::from_micros(1_000_000),
            description,
            member_count: 1,
            last_seq: Seq::new(1),
            trimmed: Trimmed::NOTHING,
        }
    }

    #[test]
    fn events_fix_what_they_say() {
        let full = group(Some(Description::parse("ours").unwrap()));
        GroupDto::IN_EVENTS.assert_of(&GroupDto::for_everybody(full), &GroupDto::for_everybody(group(None)));
    }
}

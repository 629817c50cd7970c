//! Restores what an event is about from what the log stores of it: ids, and who may see it.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use crate::accounts::User;
use crate::admissions::{EndedInvitation, Invitation, JoinRequest};
use crate::events::about::SubjectIds;
use crate::events::audience::Audience;
use crate::events::subject::{
    AddedMember, BanUpdate, BookmarkUpdate, DirectPartner, DraftUpdate, EndedBan, EndedJoinRequest,
    GroupMember, GroupSenders, GroupUpdate, JoinRequestUpdate, MentionUpdate, MessageReaction, OwnMembership,
    OwnSchedule, OwnThread, PollUpdate, ReminderUpdate, RemovedGroup, RemovedMember, RolesOfUser,
    SentScheduled, ServerRoles, ThreadUpdate, Tombstone, TrimmedHistory, UserUpdate,
};
use crate::groups::{Ban, Group, Member};
use crate::ids::{GroupId, InvitationId, MessageId, RoleId, UserId};
use crate::messages::{Message, Thread};
use crate::permissions::{GroupPermission, PermittedRoles, ServerRole, StoredRole};
use crate::saved::{Bookmark, Draft, DraftPlace, Reminder};

/// How a subject is restored from its ids in the log.
pub(super) trait Restore: Sized {
    /// Notes what has to be loaded. A subject that consists only of ids needs nothing.
    ///
    /// # Errors
    /// The log lacks an id that the subject has.
    fn look_up(_ids: SubjectIds, _lookup: &mut Lookup) -> Result<(), MissingId> {
        Ok(())
    }

    /// The current state of the subject. `None` if it is gone.
    ///
    /// # Errors
    /// The log lacks an id that the subject has.
    fn restore(ids: SubjectIds, audience: Audience, found: &Found) -> Result<Option<Self>, MissingId>;
}

impl Restore for User {
    fn look_up(ids: SubjectIds, lookup: &mut Lookup) -> Result<(), MissingId> {
        lookup.users.insert(user_of(ids)?);
        Ok(())
    }

    fn restore(ids: SubjectIds, _: Audience, found: &Found) -> Result<Option<Self>, MissingId> {
        Ok(found.users.get(&user_of(ids)?).cloned())
    }
}

impl Restore for UserUpdate {
    fn look_up(ids: SubjectIds, lookup: &mut Lookup) -> Result<(), MissingId> {
        User::look_up(ids, lookup)
    }

    fn restore(ids: SubjectIds, audience: Audience, found: &Found) -> Result<Option<Self>, MissingId> {
        let user = User::restore(ids, audience, found)?;
        Ok(user.map(|user| Self::logged(user, audience)))
    }
}

impl Restore for UserId {
    fn restore(ids: SubjectIds, _: Audience, _: &Found) -> Result<Option<Self>, MissingId> {
        user_of(ids).map(Some)
    }
}

impl Restore for ServerRoles {
    fn look_up(_: SubjectIds, lookup: &mut Lookup) -> Result<(), MissingId> {
        lookup.server_roles = true;
        Ok(())
    }

    fn restore(_: SubjectIds, _: Audience, found: &Found) -> Result<Option<Self>, MissingId> {
        Ok(Some(Self(found.server_roles.clone())))
    }
}

impl Restore for RolesOfUser {
    fn look_up(ids: SubjectIds, lookup: &mut Lookup) -> Result<(), MissingId> {
        User::look_up(ids, lookup)?;
        lookup.server_roles = true;
        lookup.holders.insert(user_of(ids)?);
        Ok(())
    }

    fn restore(ids: SubjectIds, audience: Audience, found: &Found) -> Result<Option<Self>, MissingId> {
        let user = User::restore(ids, audience, found)?;
        Ok(user.map(|user| Self::of(&user, &found.server_roles, &found.held)))
    }
}

impl Restore for GroupUpdate {
    fn look_up(ids: SubjectIds, lookup: &mut Lookup) -> Result<(), MissingId> {
        lookup.groups.insert(group_of(ids)?);
        Ok(())
    }

    fn restore(ids: SubjectIds, audience: Audience, found: &Found) -> Result<Option<Self>, MissingId> {
        let group = found.groups.get(&group_of(ids)?);
        Ok(group.map(|group| Self::logged(group.clone(), audience)))
    }
}

impl Restore for RemovedGroup {
    fn restore(ids: SubjectIds, audience: Audience, _: &Found) -> Result<Option<Self>, MissingId> {
        Ok(Some(Self::logged(group_of(ids)?, audience)))
    }
}

impl Restore for TrimmedHistory {
    fn look_up(ids: SubjectIds, lookup: &mut Lookup) -> Result<(), MissingId> {
        GroupUpdate::look_up(ids, lookup)
    }

    fn restore(ids: SubjectIds, _: Audience, found: &Found) -> Result<Option<Self>, MissingId> {
        let group = found.groups.get(&group_of(ids)?);
        Ok(group.map(|group| Self { group: group.id, upto: group.trimmed.upto }))
    }
}

impl Restore for GroupMember {
    fn look_up(ids: SubjectIds, lookup: &mut Lookup) -> Result<(), MissingId> {
        lookup.members.insert((group_of(ids)?, user_of(ids)?));
        Ok(())
    }

    fn restore(ids: SubjectIds, _: Audience, found: &Found) -> Result<Option<Self>, MissingId> {
        let (group, user) = (group_of(ids)?, user_of(ids)?);
        Ok(found.members.get(&(group, user)).map(|member| Self { group, member: member.clone() }))
    }
}

impl Restore for OwnMembership {
    fn look_up(ids: SubjectIds, lookup: &mut Lookup) -> Result<(), MissingId> {
        GroupMember::look_up(ids, lookup)
    }

    fn restore(ids: SubjectIds, audience: Audience, found: &Found) -> Result<Option<Self>, MissingId> {
        Ok(GroupMember::restore(ids, audience, found)?.map(Self))
    }
}

impl Restore for AddedMember {
    fn look_up(ids: SubjectIds, lookup: &mut Lookup) -> Result<(), MissingId> {
        GroupUpdate::look_up(ids, lookup)?;
        GroupMember::look_up(ids, lookup)
    }

    fn restore(ids: SubjectIds, audience: Audience, found: &Found) -> Result<Option<Self>, MissingId> {
        let history = found.groups.get(&group_of(ids)?).map(|group| group.history);
        let member = GroupMember::restore(ids, audience, found)?;
        Ok(member.zip(history).map(|(GroupMember { group, member }, history)| Self {
            group,
            member,
            history,
        }))
    }
}

impl Restore for RemovedMember {
    fn restore(ids: SubjectIds, _: Audience, _: &Found) -> Result<Option<Self>, MissingId> {
        Ok(Some(Self { group: group_of(ids)?, user: user_of(ids)? }))
    }
}

impl Restore for GroupSenders {
    fn look_up(ids: SubjectIds, lookup: &mut Lookup) -> Result<(), MissingId> {
        GroupUpdate::look_up(ids, lookup)?;
        lookup.roles.insert(group_of(ids)?);
        Ok(())
    }

    fn restore(ids: SubjectIds, _: Audience, found: &Found) -> Result<Option<Self>, MissingId> {
        let group = group_of(ids)?;
        let senders = found.permitted(group, GroupPermission::Send);
        Ok(senders.map(|senders| Self { group, senders }))
    }
}

impl Restore for DirectPartner {
    fn restore(ids: SubjectIds, _: Audience, _: &Found) -> Result<Option<Self>, MissingId> {
        Ok(Some(Self { group: group_of(ids)?, user: user_of(ids)? }))
    }
}

impl Restore for BanUpdate {
    fn look_up(ids: SubjectIds, lookup: &mut Lookup) -> Result<(), MissingId> {
        EndedBan::look_up(ids, lookup)?;
        lookup.bans.insert((group_of(ids)?, user_of(ids)?));
        Ok(())
    }

    fn restore(ids: SubjectIds, audience: Audience, found: &Found) -> Result<Option<Self>, MissingId> {
        let (group, user) = (group_of(ids)?, user_of(ids)?);
        let moderators = found.permitted(group, GroupPermission::BanMembers);
        let ban = found.bans.get(&(group, user)).cloned();
        Ok(ban.zip(moderators).map(|(ban, moderators)| Self::logged(group, ban, moderators, audience)))
    }
}

impl Restore for EndedBan {
    fn look_up(ids: SubjectIds, lookup: &mut Lookup) -> Result<(), MissingId> {
        GroupSenders::look_up(ids, lookup)
    }

    fn restore(ids: SubjectIds, audience: Audience, found: &Found) -> Result<Option<Self>, MissingId> {
        let (group, user) = (group_of(ids)?, user_of(ids)?);
        let moderators = found.permitted(group, GroupPermission::BanMembers);
        Ok(moderators.map(|moderators| Self::logged(group, user, moderators, audience)))
    }
}

impl Restore for Invitation {
    fn look_up(ids: SubjectIds, lookup: &mut Lookup) -> Result<(), MissingId> {
        lookup.invitations.insert(invitation_of(ids)?);
        Ok(())
    }

    fn restore(ids: SubjectIds, _: Audience, found: &Found) -> Result<Option<Self>, MissingId> {
        Ok(found.invitations.get(&invitation_of(ids)?).cloned())
    }
}

impl Restore for EndedInvitation {
    fn restore(ids: SubjectIds, _: Audience, _: &Found) -> Result<Option<Self>, MissingId> {
        Ok(Some(Self { id: invitation_of(ids)?, user: user_of(ids)? }))
    }
}

impl Restore for JoinRequestUpdate {
    fn look_up(ids: SubjectIds, lookup: &mut Lookup) -> Result<(), MissingId> {
        EndedJoinRequest::look_up(ids, lookup)?;
        lookup.join_requests.insert((group_of(ids)?, user_of(ids)?));
        Ok(())
    }

    fn restore(ids: SubjectIds, _: Audience, found: &Found) -> Result<Option<Self>, MissingId> {
        let (group, user) = (group_of(ids)?, user_of(ids)?);
        let approvers = found.permitted(group, GroupPermission::ApproveRequests);
        let request = found.join_requests.get(&(group, user)).cloned();
        Ok(request.zip(approvers).map(|(request, approvers)| Self { group, request, approvers }))
    }
}

impl Restore for EndedJoinRequest {
    fn look_up(ids: SubjectIds, lookup: &mut Lookup) -> Result<(), MissingId> {
        EndedBan::look_up(ids, lookup)
    }

    fn restore(ids: SubjectIds, _: Audience, found: &Found) -> Result<Option<Self>, MissingId> {
        let (group, user) = (group_of(ids)?, user_of(ids)?);
        let approvers = found.permitted(group, GroupPermission::ApproveRequests);
        Ok(approvers.map(|approvers| Self { group, user, approvers }))
    }
}

impl Restore for Message {
    fn look_up(ids: SubjectIds, lookup: &mut Lookup) -> Result<(), MissingId> {
        lookup.messages.insert(message_of(ids)?);
        Ok(())
    }

    fn restore(ids: SubjectIds, _: Audience, found: &Found) -> Result<Option<Self>, MissingId> {
        Ok(found.messages.get(&message_of(ids)?).map(|message| Self::clone(message)))
    }
}

impl Restore for Tombstone {
    fn look_up(ids: SubjectIds, lookup: &mut Lookup) -> Result<(), MissingId> {
        Message::look_up(ids, lookup)
    }

    fn restore(ids: SubjectIds, audience: Audience, found: &Found) -> Result<Option<Self>, MissingId> {
        Ok(Message::restore(ids, audience, found)?.map(Self))
    }
}

impl Restore for MessageReaction {
    fn look_up(ids: SubjectIds, lookup: &mut Lookup) -> Result<(), MissingId> {
        Message::look_up(ids, lookup)
    }

    fn restore(ids: SubjectIds, audience: Audience, found: &Found) -> Result<Option<Self>, MissingId> {
        // A newer program may have logged an emoji that this one doesn't know.
        let Some(emoji) = ids.emoji else { return Ok(None) };
        Ok(Message::restore(ids, audience, found)?.map(|message| Self { message, emoji }))
    }
}

impl Restore for PollUpdate {
    fn look_up(ids: SubjectIds, lookup: &mut Lookup) -> Result<(), MissingId> {
        Message::look_up(ids, lookup)
    }

    fn restore(ids: SubjectIds, _: Audience, found: &Found) -> Result<Option<Self>, MissingId> {
        Ok(found.messages.get(&message_of(ids)?).and_then(|message| Self::of(message)))
    }
}

impl Restore for MentionUpdate {
    fn look_up(ids: SubjectIds, lookup: &mut Lookup) -> Result<(), MissingId> {
        Message::look_up(ids, lookup)
    }

    fn restore(ids: SubjectIds, _: Audience, found: &Found) -> Result<Option<Self>, MissingId> {
        let (message, user) = (message_of(ids)?, user_of(ids)?);
        Ok(found.messages.get(&message).map(|message| Self::of(message, user)))
    }
}

impl Restore for ThreadUpdate {
    fn look_up(ids: SubjectIds, lookup: &mut Lookup) -> Result<(), MissingId> {
        lookup.threads.insert(message_of(ids)?);
        Ok(())
    }

    fn restore(ids: SubjectIds, _: Audience, found: &Found) -> Result<Option<Self>, MissingId> {
        Ok(found.threads.get(&message_of(ids)?).cloned().map(Self))
    }
}

impl Restore for OwnThread {
    fn look_up(ids: SubjectIds, lookup: &mut Lookup) -> Result<(), MissingId> {
        ThreadUpdate::look_up(ids, lookup)
    }

    fn restore(ids: SubjectIds, _: Audience, found: &Found) -> Result<Option<Self>, MissingId> {
        let (user, root) = (user_of(ids)?, message_of(ids)?);
        Ok(found.threads.get(&root).map(|thread| Self::of(thread, user)))
    }
}

impl Restore for DraftUpdate {
    fn look_up(ids: SubjectIds, lookup: &mut Lookup) -> Result<(), MissingId> {
        lookup.drafts.insert(draft_place_of(ids)?);
        Ok(())
    }

    fn restore(ids: SubjectIds, _: Audience, found: &Found) -> Result<Option<Self>, MissingId> {
        let place = draft_place_of(ids)?;
        Ok(Some(Self { place, draft: found.drafts.get(&place).cloned() }))
    }
}

impl Restore for BookmarkUpdate {
    fn look_up(ids: SubjectIds, lookup: &mut Lookup) -> Result<(), MissingId> {
        lookup.bookmarks.insert((user_of(ids)?, message_of(ids)?));
        Ok(())
    }

    fn restore(ids: SubjectIds, _: Audience, found: &Found) -> Result<Option<Self>, MissingId> {
        let (user, group, message) = (user_of(ids)?, group_of(ids)?, message_of(ids)?);
        let bookmark = found.bookmarks.get(&(user, message)).cloned();
        Ok(Some(Self { user, group, message, bookmark }))
    }
}

impl Restore for ReminderUpdate {
    fn look_up(ids: SubjectIds, lookup: &mut Lookup) -> Result<(), MissingId> {
        lookup.reminders.insert((user_of(ids)?, message_of(ids)?));
        Ok(())
    }

    fn restore(ids: SubjectIds, _: Audience, found: &Found) -> Result<Option<Self>, MissingId> {
        let (user, group, message) = (user_of(ids)?, group_of(ids)?, message_of(ids)?);
        let reminder = found.reminders.get(&(user, message)).copied();
        Ok(Some(Self { user, group, message, reminder }))
    }
}

impl Restore for OwnSchedule {
    fn restore(ids: SubjectIds, _: Audience, _: &Found) -> Result<Option<Self>, MissingId> {
        Ok(Some(Self { user: user_of(ids)?, group: group_of(ids)? }))
    }
}

impl Restore for SentScheduled {
    fn restore(ids: SubjectIds, _: Audience, _: &Found) -> Result<Option<Self>, MissingId> {
        Ok(Some(Self { user: user_of(ids)?, group: group_of(ids)?, message: message_of(ids)? }))
    }
}

/// The ids to load for a page of the log, each once.
#[derive(Default)]
pub(super) struct Lookup {
    pub(super) users: BTreeSet<UserId>,
    pub(super) groups: BTreeSet<GroupId>,
    pub(super) members: BTreeSet<(GroupId, UserId)>,
    pub(super) bans: BTreeSet<(GroupId, UserId)>,
    /// The groups whose roles are to be loaded.
    pub(super) roles: BTreeSet<GroupId>,
    pub(super) messages: BTreeSet<MessageId>,
    /// The roots of threads.
    pub(super) threads: BTreeSet<MessageId>,
    /// Users whose roles on the server to load.
    pub(super) holders: BTreeSet<UserId>,
    /// Whether to load the roles on the server.
    pub(super) server_roles: bool,
    pub(super) invitations: BTreeSet<InvitationId>,
    pub(super) join_requests: BTreeSet<(GroupId, UserId)>,
    pub(super) drafts: BTreeSet<DraftPlace>,
    pub(super) bookmarks: BTreeSet<(UserId, MessageId)>,
    pub(super) reminders: BTreeSet<(UserId, MessageId)>,
}

/// The entities that a page names, as far as they still exist.
pub(super) struct Found {
    pub(super) users: HashMap<UserId, User>,
    pub(super) groups: HashMap<GroupId, Group>,
    pub(super) members: HashMap<(GroupId, UserId), Member>,
    pub(super) bans: HashMap<(GroupId, UserId), Ban>,
    /// What groups store about their roles.
    pub(super) roles: HashMap<GroupId, Vec<StoredRole>>,
    pub(super) messages: HashMap<MessageId, Arc<Message>>,
    /// By their roots.
    pub(super) threads: HashMap<MessageId, Thread>,
    pub(super) held: Vec<(UserId, RoleId)>,
    pub(super) server_roles: Vec<ServerRole>,
    /// Those that still let somebody in.
    pub(super) invitations: HashMap<InvitationId, Invitation>,
    pub(super) join_requests: HashMap<(GroupId, UserId), JoinRequest>,
    pub(super) drafts: HashMap<DraftPlace, Draft>,
    pub(super) bookmarks: HashMap<(UserId, MessageId), Bookmark>,
    pub(super) reminders: HashMap<(UserId, MessageId), Reminder>,
}

impl Found {
    /// The roles of a group that have a permission now; `None` if the group is gone.
    fn permitted(&self, group: GroupId, permission: GroupPermission) -> Option<PermittedRoles> {
        let is_private = !self.groups.get(&group)?.visibility.is_listed();
        let stored = self.roles.get(&group).map_or(&[][..], Vec::as_slice);
        Some(PermittedRoles::with(permission, stored, is_private))
    }
}

/// The log names no such id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct MissingId(pub &'static str);

fn user_of(ids: SubjectIds) -> Result<UserId, MissingId> {
    ids.user.ok_or(MissingId("user"))
}

fn group_of(ids: SubjectIds) -> Result<GroupId, MissingId> {
    ids.group.ok_or(MissingId("group"))
}

fn message_of(ids: SubjectIds) -> Result<MessageId, MissingId> {
    ids.message.ok_or(MissingId("message"))
}

fn draft_place_of(ids: SubjectIds) -> Result<DraftPlace, MissingId> {
    Ok(DraftPlace { user: user_of(ids)?, group: group_of(ids)?, thread: ids.message })
}

fn invitation_of(ids: SubjectIds) -> Result<InvitationId, MissingId> {
    ids.invitation.ok_or(MissingId("invitation"))
}

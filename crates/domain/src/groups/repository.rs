//! The ports for groups and members.

use crate::accounts::{TokenGroups, UserRef};
use crate::groups::direct_key::DirectKey;
use crate::groups::joined::JoinedGroup;
use crate::groups::model::{
    Group, GroupKind, GroupView, Member, NewDirect, NewGroup, NewMembership, VisibleGroup,
};
use crate::groups::settings::MemberSettings;
use crate::ids::{GroupId, Position, UserId};
use crate::messages::ReadState;
use crate::paging::{Limit, NameCursor, NamePosition};
use crate::permissions::{BuiltInRole, RoleName};
use crate::search::SearchText;
use crate::storage::repositories::repository;
use crate::storage::{StorageFault, Unique};
use crate::time::Timestamp;

/// Which groups to list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupQuery {
    /// The user who lists.
    pub viewer: UserId,
    /// Groups, or the viewer's direct conversations. These have no name, so a search finds none of them. Nothing else
    /// lists those of others.
    pub kind: GroupKind,
    /// Text that the name must contain.
    pub search: Option<SearchText>,
    /// All groups, also those that the viewer doesn't see: for server admins.
    pub all: bool,
    /// Only groups that the viewer is a member of.
    pub mine: bool,
    /// Only groups without members, which therefore have no owner, also those that the viewer doesn't see. A member
    /// whose account is deleted counts until the membership has ended, too.
    pub ownerless: bool,
    /// Only these groups.
    pub only: Option<TokenGroups>,
    /// The position to continue from.
    pub after: Option<NameCursor>,
    /// The number of rows. The repository reads one more to find out whether there is a next page.
    pub limit: Limit,
}

impl GroupQuery {
    /// The groups that the viewer may see, from the first one on.
    pub const fn of(viewer: UserId, limit: Limit) -> Self {
        let kind = GroupKind::Group;
        let (all, mine, ownerless) = (false, false, false);
        Self { viewer, kind, search: None, all, mine, ownerless, only: None, after: None, limit }
    }
}

repository! {
    /// Groups. No method finds a deleted group.
    #[cfg_attr(test, mockall::automock)]
    pub trait GroupRepository {
        /// Locks a group until the transaction ends: what is decided about it, its members and its messages, is
        /// decided by one at a time. Does nothing where writes run one after the other anyway.
        fn lock(&mut self, id: GroupId) -> Result<(), StorageFault>;

        /// Locks the group as [`lock`](Self::lock) does if the viewer may see it, and returns whether. MUST NOT wait for
        /// a group that the viewer may not see: the wait would tell that it exists, and the lock would keep its members
        /// waiting. Where nothing is locked, MAY return `true` for any group: whoever reads it finds out.
        fn lock_visible(&mut self, id: GroupId, viewer: UserId) -> Result<bool, StorageFault>;

        /// The group, if the viewer may see it, with the viewer's role and what it allows. MUST be one query, so that
        /// "doesn't exist" and "not visible" take equally long.
        fn find_visible(&mut self, id: GroupId, viewer: UserId) -> Result<Option<VisibleGroup>, StorageFault>;

        /// [`find_visible`](Self::find_visible) for several groups, in no particular order.
        fn find_visible_many(
            &mut self,
            ids: &[GroupId],
            viewer: UserId,
        ) -> Result<Vec<VisibleGroup>, StorageFault>;

        /// The groups with these ids, in no particular order, regardless of who may see them.
        fn find_many(&mut self, ids: &[GroupId]) -> Result<Vec<Group>, StorageFault>;

        /// The group with its newest message, if the viewer may see it.
        fn view(&mut self, id: GroupId, viewer: UserId) -> Result<Option<GroupView>, StorageFault>;

        /// The direct conversation of these people, also after an account is gone.
        fn find_direct(&mut self, key: &DirectKey) -> Result<Option<GroupId>, StorageFault>;

        /// Groups by folded name, then id; direct conversations by id, the newest first, each after an empty name. One
        /// row more than the limit if there is a next page. MUST list an entry that is there all the time once, in the
        /// pages of one list, however often names change meanwhile; see [`NameCursor`].
        fn list(&mut self, query: &GroupQuery) -> Result<Vec<NamePosition<GroupView>>, StorageFault>;

        /// Stores a new group without members. MUST return [`Unique::Taken`] if it is public and another
        /// public group has the folded name.
        fn insert(&mut self, group: &NewGroup) -> Result<Unique<GroupId>, StorageFault>;

        /// Stores a new direct conversation without members. MUST return [`Unique::Taken`] if these people have one.
        fn insert_direct(&mut self, direct: &NewDirect) -> Result<Unique<GroupId>, StorageFault>;

        /// Stores name, description, visibility, topic, slow mode, receipts, the time of archiving, and version. MUST
        /// return [`Unique::Taken`] as [`insert`](Self::insert) does.
        fn update(&mut self, group: &Group) -> Result<Unique<()>, StorageFault>;

        /// Marks the group as deleted, so that its name becomes available. Its contents stay until they are purged.
        fn mark_deleted(&mut self, id: GroupId, at: Timestamp) -> Result<(), StorageFault>;

        /// Removes up to `limit` rows of what a group marked as deleted holds, in the end the group itself; `true` once
        /// nothing is left. Of a private group, MUST keep who was in it: as long as the log has its deletion, only they
        /// learn of it.
        fn purge(&mut self, id: GroupId, limit: i64) -> Result<bool, StorageFault>;

        /// As [`purge`](Self::purge), and removes all of it.
        fn forget(&mut self, id: GroupId, limit: i64) -> Result<bool, StorageFault>;
    }
}

/// How far a member has read in a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadCursor {
    /// The group.
    pub group: GroupId,
    /// How far it is read.
    pub state: ReadState,
}

/// Which members of a group to list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberQuery {
    /// The group.
    pub group: GroupId,
    /// Text that the username or the display name must contain.
    pub search: Option<SearchText>,
    /// The position to continue from.
    pub after: Option<NameCursor>,
    /// The number of rows. The repository reads one more.
    pub limit: Limit,
}

repository! {
    /// Who is in which group. Members whose account is deleted are left out, though their memberships end a
    /// little later.
    #[cfg_attr(test, mockall::automock)]
    pub trait MemberRepository {
        /// A member of a group.
        fn find(&mut self, group: GroupId, user: UserId) -> Result<Option<Member>, StorageFault>;

        /// Members of several groups, each with the group, in no particular order. Those of a deleted group are
        /// left out.
        fn find_many(&mut self, members: &[(GroupId, UserId)]) -> Result<Vec<(GroupId, Member)>, StorageFault>;

        /// Members by folded username, then id; one row more than the limit if there is a next page.
        /// MUST list an entry that is there all the time once, in the pages of one list, however often names change
        /// meanwhile;
        /// see [`NameCursor`].
        fn list(&mut self, query: &MemberQuery) -> Result<Vec<NamePosition<Member>>, StorageFault>;

        /// Stores a membership and increments the member count. MUST return [`Unique::Taken`] if the user is already a
        /// member.
        fn insert(&mut self, membership: &NewMembership) -> Result<Unique<()>, StorageFault>;

        /// Changes a member's role.
        fn set_role(&mut self, group: GroupId, user: UserId, role: &RoleName) -> Result<(), StorageFault>;

        /// Stores a member's own settings.
        fn set_settings(
            &mut self,
            group: GroupId,
            user: UserId,
            settings: MemberSettings,
        ) -> Result<(), StorageFault>;

        /// Removes a membership, with the drafts of the member in the group, and decrements the member count.
        fn remove(&mut self, group: GroupId, user: UserId) -> Result<(), StorageFault>;

        /// The longest-serving owner of each of these groups, in no particular order; none of a group where that account
        /// was deleted and the membership has still to end. MUST cost no more than a look-up for each group, however many
        /// owners it has.
        fn first_owners(&mut self, groups: &[GroupId]) -> Result<Vec<(GroupId, UserRef)>, StorageFault>;

        /// The number of owners of the group whose accounts are not deleted, counted up to 2, which stand for all that are
        /// more than one. MUST cost no more than as many look-ups.
        fn count_owners(&mut self, group: GroupId) -> Result<u64, StorageFault>;

        /// How many groups the user is in, or has this role in, counted up to `most`; deleted groups and direct
        /// conversations don't count. MUST cost no more than as many look-ups.
        fn count_groups(&mut self, user: UserId, role: Option<BuiltInRole>, most: u32) -> Result<u32, StorageFault>;

        /// Notes that a member has started the direct conversation, which counts as having written in it.
        fn note_started(&mut self, group: GroupId, user: UserId) -> Result<(), StorageFault>;

        /// How many direct conversations the user has started or written in, counted up to `most`.
        fn count_direct(&mut self, user: UserId, most: u32) -> Result<u32, StorageFault>;

        /// The next owner of a group whose last owner goes: of the other members with the highest rank, the one who has
        /// been in the group the longest.
        fn successor(&mut self, group: GroupId) -> Result<Option<Member>, StorageFault>;

        /// Up to `limit` groups that the user is in, by id; also for a user whose account is deleted, and for
        /// groups that are.
        fn groups_of(&mut self, user: UserId, limit: i64) -> Result<Vec<GroupId>, StorageFault>;

        /// All groups that the user is in and that are not deleted.
        fn joined_groups(&mut self, user: UserId) -> Result<Vec<JoinedGroup>, StorageFault>;

        /// Those of these groups that were private and that the user was in when they were deleted, as long as
        /// [`forget`](GroupRepository::forget) has not removed them. Others decide how many there are of a user, so
        /// they are only looked up by id.
        fn ended_groups(&mut self, user: UserId, among: &[GroupId]) -> Result<Vec<JoinedGroup>, StorageFault>;

        /// The user's read cursors, in groups that are not deleted, that were moved by
        /// the [`ReadCursorRepository`](crate::messages::ReadCursorRepository) when the head of the log was at `position`
        /// or later; in no particular order.
        fn read_since(&mut self, user: UserId, position: Position) -> Result<Vec<ReadCursor>, StorageFault>;
    }
}

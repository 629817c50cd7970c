//! Members.

use std::cmp::Reverse;

use groupchat_domain::accounts::UserRef;
use groupchat_domain::groups::{
    Group, JoinedGroup, Member, MemberQuery, MemberRepository, MemberSettings, NewMembership, ReadCursor,
    Standing, Writing,
};
use groupchat_domain::ids::{EventId, GroupId, Position, UserId, Version};
use groupchat_domain::paging::NamePosition;
use groupchat_domain::permissions::{BuiltInRole, GroupPermission, RoleName, RoleTitle};
use groupchat_domain::storage::{StorageFault, Tx as _, Unique};
use groupchat_domain::time::Timestamp;

use crate::model::accounts::matches;
use crate::model::names::{ListedName, list};
use crate::model::state::{GroupRow, Membership, Named, Tables};
use crate::model::tx::{ModelTx, each_once};

impl Tables {
    fn member(&self, group: GroupId, user: UserId, membership: &Membership, now: Timestamp) -> Member {
        let role = self.title(group, &membership.role);
        let Membership { joined_at, joined_seq, settings, as_admin, .. } = *membership;
        let (mute, user) = (self.lasting_mute(group, user, now), self.user_ref(user));
        Member { user, role, joined_at, joined_seq, settings, as_admin, mute }
    }

    fn title(&self, group: GroupId, name: &RoleName) -> RoleTitle {
        let stored = self.roles.get(&(group, name.clone())).map(|stored| stored.rank);
        RoleTitle::resolve(name.clone(), stored).expect("members have roles of their groups")
    }

    fn find_member(&self, group: GroupId, user: UserId, now: Timestamp) -> Option<Member> {
        self.user(user)?;
        Some(self.member(group, user, self.memberships.get(&(group, user))?, now))
    }

    fn count_members(&mut self, group: GroupId, difference: i64) {
        self.groups.change(&group, |row| row.group.member_count += difference);
    }

    /// A membership as those who follow events see it; `None` in a group that is deleted and was not private.
    fn joined(&self, user: UserId, id: GroupId, since: EventId, now: Timestamp) -> Option<JoinedGroup> {
        let GroupRow { group, is_deleted, .. } = self.groups.get(&id)?;
        if *is_deleted {
            let ended = JoinedGroup { has_ended: true, ..JoinedGroup::whole(id, since) };
            return (!group.visibility.is_listed()).then_some(ended);
        }
        let Standing { role, joined_seq, is_closed, muted_until, .. } = self.standing(id, user, now)?;
        let role_sends = role.permissions.contains(GroupPermission::Send);
        let writing =
            Writing { role_sends, is_archived: group.archived_at.is_some(), is_closed, muted_until };
        let (role, history) = (role.title.name, group.history);
        Some(JoinedGroup { id, since, joined_seq, role, history, has_ended: false, writing })
    }

    /// Every membership of a user as those who follow events see it.
    fn all_joined(&self, user: UserId, now: Timestamp) -> impl Iterator<Item = JoinedGroup> {
        let memberships = self.memberships_of(user);
        memberships.filter_map(move |(group, row)| self.joined(user, group, row.since_event, now))
    }

    /// The memberships of a user in groups that are not deleted.
    pub(crate) fn present_memberships_of(&self, user: UserId) -> impl Iterator<Item = (GroupId, Membership)> {
        self.memberships_of(user).filter(|(group, _)| self.group(*group).is_some())
    }
}

impl MemberRepository for ModelTx<'_> {
    fn find(&mut self, group: GroupId, user: UserId) -> Result<Option<Member>, StorageFault> {
        let now = self.now();
        Ok(self.read()?.find_member(group, user, now))
    }

    fn find_many(&mut self, members: &[(GroupId, UserId)]) -> Result<Vec<(GroupId, Member)>, StorageFault> {
        let now = self.now();
        let tables = self.read()?;
        let there = each_once(members).filter(|(group, _)| tables.group(*group).is_some());
        Ok(there.filter_map(|(group, user)| Some((group, tables.find_member(group, user, now)?))).collect())
    }

    fn list(&mut self, query: &MemberQuery) -> Result<Vec<NamePosition<Member>>, StorageFault> {
        let now = self.now();
        let tables = self.read()?;
        let members = tables.members(query.group).filter_map(|(id, membership)| {
            let user = tables.user(id).filter(|user| matches(user, query.search.as_ref()))?;
            let (key, entry) =
                (user.username.key().into_string(), tables.member(query.group, id, &membership, now));
            Some(ListedName { of: Named::User(id), key, entry })
        });
        Ok(list(tables, members, query.after.as_ref(), query.limit))
    }

    fn insert(&mut self, membership: &NewMembership) -> Result<Unique<()>, StorageFault> {
        let NewMembership { group, user, role, joined_at, read_seq, joined_seq, since_event, as_admin } =
            membership.clone();
        let tables = self.write()?;
        if !tables.groups.contains(&group) || !tables.users.contains(&user) {
            return Err(self.fail("a membership of nobody, or in no group"));
        }
        if tables.memberships.contains(&(group, user)) {
            return Ok(Unique::Taken);
        }
        let membership = Membership {
            role,
            joined_at,
            since_event,
            read_seq,
            read_version: tables.groups.get(&group).map_or(Version::FIRST, |row| row.first_read_version),
            joined_seq,
            read_position: Position::ZERO,
            settings: MemberSettings::default(),
            last_sent_at: joined_at,
            takes_part: false,
            as_admin,
        };
        tables.memberships.put((group, user), membership);
        tables.count_members(group, 1);
        Ok(Unique::Stored(()))
    }

    fn set_role(&mut self, group: GroupId, user: UserId, role: &RoleName) -> Result<(), StorageFault> {
        self.write()?.memberships.change(&(group, user), |membership| membership.role = role.clone());
        Ok(())
    }

    fn set_settings(
        &mut self,
        group: GroupId,
        user: UserId,
        settings: MemberSettings,
    ) -> Result<(), StorageFault> {
        self.write()?.memberships.change(&(group, user), |membership| membership.settings = settings);
        Ok(())
    }

    fn remove(&mut self, group: GroupId, user: UserId) -> Result<(), StorageFault> {
        let tables = self.write()?;
        if let Some(left) = tables.memberships.remove(&(group, user)) {
            tables.count_members(group, -1);
            tables.remove_drafts(group, Some(user), usize::MAX);
            tables.groups.change(&group, |row| {
                row.first_read_version = row.first_read_version.max(left.read_version);
            });
        }
        Ok(())
    }

    fn first_owners(&mut self, groups: &[GroupId]) -> Result<Vec<(GroupId, UserRef)>, StorageFault> {
        let tables = self.read()?;
        let owner = |group: GroupId| {
            let all = tables.memberships.iter().filter(|((of, _), _)| *of == group);
            let owners = all.filter(|(_, membership)| membership.role == BuiltInRole::Owner);
            let first = owners.min_by_key(|((_, user), membership)| (membership.joined_at, *user));
            let user = tables.user(first?.0.1)?;
            Some((group, user.as_ref()))
        };
        Ok(each_once(groups).filter_map(owner).collect())
    }

    fn count_owners(&mut self, group: GroupId) -> Result<u64, StorageFault> {
        let members = self.read()?.members(group);
        Ok(members.filter(|(_, membership)| membership.role == BuiltInRole::Owner).take(2).map(|_| 1).sum())
    }

    fn count_groups(
        &mut self,
        user: UserId,
        role: Option<BuiltInRole>,
        most: u32,
    ) -> Result<u32, StorageFault> {
        let tables = self.read()?;
        let is_named = |group: &GroupId| tables.group(*group).is_some_and(|group| !group.is_direct());
        let joined = tables.present_memberships_of(user).filter(|(group, _)| is_named(group));
        let counted = joined.filter(|(_, membership)| role.is_none_or(|role| membership.role == role));
        Ok(counted.map(|_| 1).sum::<u32>().min(most))
    }

    fn note_started(&mut self, group: GroupId, user: UserId) -> Result<(), StorageFault> {
        self.write()?.memberships.change(&(group, user), |membership| membership.takes_part = true);
        Ok(())
    }

    fn count_direct(&mut self, user: UserId, most: u32) -> Result<u32, StorageFault> {
        let tables = self.read()?;
        let is_direct = |group: &GroupId| tables.group(*group).is_some_and(Group::is_direct);
        let joined = tables.present_memberships_of(user).filter(|(group, _)| is_direct(group));
        let joined = joined.filter(|(_, membership)| membership.takes_part);
        Ok(joined.map(|_| 1).sum::<u32>().min(most))
    }

    fn successor(&mut self, group: GroupId) -> Result<Option<Member>, StorageFault> {
        let now = self.now();
        let tables = self.read()?;
        let others = tables.members(group).filter(|(_, membership)| membership.role != BuiltInRole::Owner);
        let order = |(user, membership): &(UserId, Membership)| {
            (Reverse(tables.title(group, &membership.role).rank), membership.joined_at, *user)
        };
        Ok(others.min_by_key(order).map(|(user, membership)| tables.member(group, user, &membership, now)))
    }

    fn groups_of(&mut self, user: UserId, limit: i64) -> Result<Vec<GroupId>, StorageFault> {
        let limit = usize::try_from(limit).unwrap_or(0);
        Ok(self.read()?.memberships_of(user).map(|(group, _)| group).take(limit).collect())
    }

    fn joined_groups(&mut self, user: UserId) -> Result<Vec<JoinedGroup>, StorageFault> {
        let now = self.now();
        Ok(self.read()?.all_joined(user, now).filter(|joined| !joined.has_ended).collect())
    }

    fn ended_groups(&mut self, user: UserId, among: &[GroupId]) -> Result<Vec<JoinedGroup>, StorageFault> {
        let now = self.now();
        let joined = self.read()?.all_joined(user, now);
        Ok(joined.filter(|joined| joined.has_ended && among.contains(&joined.id)).collect())
    }

    fn read_since(&mut self, user: UserId, position: Position) -> Result<Vec<ReadCursor>, StorageFault> {
        let tables = self.read()?;
        let moved = tables
            .present_memberships_of(user)
            .filter(|(_, membership)| membership.read_position >= position);
        Ok(moved.filter_map(|(group, membership)| tables.read_cursor((group, user), &membership)).collect())
    }
}

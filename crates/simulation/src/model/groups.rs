//! Groups.

use groupchat_domain::groups::{
    DirectKey, Group, GroupKind, GroupName, GroupQuery, GroupRepository, GroupView, NewDirect, NewGroup,
    Standing, Visibility, VisibleGroup,
};
use groupchat_domain::ids::{GroupId, UserId, Version};
use groupchat_domain::messages::Message;
use groupchat_domain::paging::{NameCursor, NamePosition};
use groupchat_domain::permissions::Role;
use groupchat_domain::storage::{StorageFault, Tx as _, Unique};
use groupchat_domain::time::Timestamp;

use crate::model::names::{ListedName, list};
use crate::model::state::{GroupRow, Membership, Named, Place, Tables};
use crate::model::tx::{ModelTx, each_once};

impl Tables {
    /// A member's role, with what it allows now.
    pub(super) fn role_of(&self, group: GroupId, membership: &Membership) -> Option<Role> {
        let stored = self.roles.get(&(group, membership.role.clone())).copied();
        let is_private = !self.groups.get(&group)?.group.visibility.is_listed();
        Role::resolve(membership.role.clone(), stored, is_private)
    }

    pub(super) fn standing(&self, group: GroupId, viewer: UserId, now: Timestamp) -> Option<Standing> {
        let membership = self.memberships.get(&(group, viewer))?;
        let row = self.groups.get(&group)?;
        let is_closed = row.direct_key.as_ref().is_some_and(|key| self.is_closed(key, viewer));
        let role = self.role_of(group, membership)?;
        let Membership { read_seq, read_version, joined_seq, settings, last_sent_at, .. } = *membership;
        let muted_until = self.lasting_mute(group, viewer, now).map(|mute| mute.until);
        Some(Standing {
            role,
            read_seq,
            read_version,
            joined_seq,
            settings,
            last_sent_at,
            is_closed,
            muted_until,
        })
    }

    /// Whether somebody can't write in the direct conversation of these people.
    fn is_closed(&self, key: &DirectKey, viewer: UserId) -> bool {
        let [one, two] = *key.people() else { return false };
        let other = if one == viewer { two } else { one };
        self.user(other).is_none() || self.is_blocked(one, two)
    }

    /// The viewer's direct conversations, the newest first.
    fn list_direct(&self, query: &GroupQuery, now: Timestamp) -> Vec<NamePosition<GroupView>> {
        let rows = self.groups.iter().filter(|(_, row)| row.direct_key.is_some() && !row.is_deleted);
        let below = query.after.as_ref().map_or(i64::MAX, |after| after.id);
        let mut mine: Vec<_> = rows
            .map(|(_, row)| &row.group)
            .filter(|group| group.id.get() < below && query.search.is_none())
            .filter(|group| query.only.as_ref().is_none_or(|only| only.contain(group.id)))
            .map(|group| self.group_view(group, query.viewer, now))
            .filter(|view| view.standing.is_some())
            .collect();
        mine.sort_by_key(|view| std::cmp::Reverse(view.group.id));
        mine.truncate(usize::try_from(query.limit.with_lookahead()).unwrap_or(0));
        let place = |entry: GroupView| {
            let position = NameCursor { name_key: String::new(), id: entry.group.id.get(), renames: 0 };
            NamePosition { entry, position }
        };
        mine.into_iter().map(place).collect()
    }

    fn group_view(&self, group: &Group, viewer: UserId, now: Timestamp) -> GroupView {
        let standing = self.standing(group.id, viewer, now);
        let newest = self.messages.get(&(group.id, None, group.last_seq)).filter(|_| standing.is_some());
        let last_message = newest.map(|message| self.message_view(message, viewer));
        let above = standing.as_ref().map(|standing| group.readable_after(standing).max(group.trimmed.upto));
        let unread = above.map(|above| self.unread_mentions(viewer, (group.id, None), above));
        GroupView::new(group.clone(), standing, last_message).mentioning(unread.unwrap_or(0))
    }

    /// Whether the viewer may know of the group.
    fn is_visible(&self, group: &Group, viewer: UserId) -> bool {
        group.visibility.is_listed() || self.memberships.contains(&(group.id, viewer))
    }

    /// Whether another listed group has the name, which matters to those that are listed.
    fn is_taken(&self, name: &GroupName, visibility: Visibility, except: Option<GroupId>) -> bool {
        let mut groups = self.groups.iter().filter(|(id, row)| !row.is_deleted && Some(**id) != except);
        let has_name = |group: &Group| {
            group.visibility.is_listed() && key_of(group).as_deref() == Some(name.key().as_str())
        };
        visibility.is_listed() && groups.any(|(_, row)| has_name(&row.group))
    }

    /// Removes up to `limit` of the first of these messages and of the reactions to them; what is left of the limit.
    fn purge_messages(&mut self, messages: Vec<(Place, Message)>, limit: usize) -> usize {
        let mut left = limit;
        for (_, message) in messages.iter().take(limit) {
            left -= self.remove_reactions(message.id, left);
        }
        for (_, message) in messages.iter().take(left) {
            left -= self.remove_edits(message.id, left);
        }
        for (_, message) in messages.iter().take(left) {
            left -= self.remove_bookmarks(message.id, left);
            left -= self.remove_ballots(message.id, left);
        }
        for (_, message) in messages.iter().take(left) {
            left -= self.remove_reminders(message.id, left);
        }
        for (place, message) in messages.into_iter().take(left) {
            left -= 1;
            self.remove_message(place, &message);
        }
        left
    }

    /// Removes up to `limit` of the rows that a deleted group holds, and the group after all of them: mentions, of its first
    /// replies the likes, then these, then its threads, then messages likewise, then bans, mutes and drafts, then memberships, and with the group its roles. Of a private
    /// group the rest is kept, unless it is to be forgotten.
    fn purge_group(&mut self, group: GroupId, forgets: bool, limit: usize) -> bool {
        let (mut replies, messages): (Vec<_>, Vec<_>) = self
            .messages
            .iter()
            .filter(|((of, ..), _)| *of == group)
            .map(|(place, message)| (*place, message.clone()))
            .partition(|(_, message)| message.thread.is_some());
        replies.sort_by_key(|(_, message)| (message.history_seq(), message.seq));
        let mut left = limit - self.purge_mentions(group, limit);
        left = self.purge_messages(replies, left);
        left -= self.purge_threads(group, left);
        left = self.purge_messages(messages, left);
        let bans: Vec<_> = self.bans.iter().map(|(key, _)| *key).filter(|(of, _)| *of == group).collect();
        left -= self.bans.remove_all(bans.into_iter().take(left));
        let mutes: Vec<_> = self.mutes.iter().map(|(key, _)| *key).filter(|(of, _)| *of == group).collect();
        left -= self.mutes.remove_all(mutes.into_iter().take(left));
        left -= self.remove_drafts(group, None, left);
        left -= self.remove_scheduled(group, left);
        let keeps_rest =
            !forgets && self.groups.get(&group).is_some_and(|row| !row.group.visibility.is_listed());
        if keeps_rest {
            return left > 0;
        }
        let memberships = self.memberships.range((group, UserId::new(0))..=(group, UserId::new(i64::MAX)));
        let members: Vec<_> = memberships.map(|(key, _)| *key).take(left).collect();
        left -= self.memberships.remove_all(members);
        if left == 0 {
            return false;
        }
        if self.remove_join_requests(group) {
            return false;
        }
        self.remove_invite_links(group);
        let roles: Vec<_> =
            self.roles.iter().map(|(key, _)| key.clone()).filter(|(of, _)| *of == group).collect();
        self.roles.remove_all(roles);
        self.groups.remove(&group);
        true
    }
}

/// The key of a group's name.
fn key_of(group: &Group) -> Option<String> {
    group.name.as_ref().map(GroupName::key)
}

impl GroupRepository for ModelTx<'_> {
    fn lock(&mut self, _: GroupId) -> Result<(), StorageFault> {
        self.read().map(drop)
    }

    fn lock_visible(&mut self, _: GroupId, _: UserId) -> Result<bool, StorageFault> {
        self.read().map(|_| true)
    }

    fn find_visible(&mut self, id: GroupId, viewer: UserId) -> Result<Option<VisibleGroup>, StorageFault> {
        let now = self.now();
        let tables = self.read()?;
        let visible = |group: &Group| VisibleGroup {
            group: group.clone(),
            standing: tables.standing(group.id, viewer, now),
        };
        Ok(tables.group(id).filter(|group| tables.is_visible(group, viewer)).map(visible))
    }

    fn find_visible_many(
        &mut self,
        ids: &[GroupId],
        viewer: UserId,
    ) -> Result<Vec<VisibleGroup>, StorageFault> {
        let found = each_once(ids).map(|id| GroupRepository::find_visible(self, id, viewer));
        found.filter_map(Result::transpose).collect()
    }

    fn find_many(&mut self, ids: &[GroupId]) -> Result<Vec<Group>, StorageFault> {
        let tables = self.read()?;
        Ok(each_once(ids).filter_map(|id| tables.group(id)).cloned().collect())
    }

    fn view(&mut self, id: GroupId, viewer: UserId) -> Result<Option<GroupView>, StorageFault> {
        let now = self.now();
        let tables = self.read()?;
        let found = tables.group(id).filter(|group| tables.is_visible(group, viewer));
        Ok(found.map(|group| tables.group_view(group, viewer, now)))
    }

    fn list(&mut self, query: &GroupQuery) -> Result<Vec<NamePosition<GroupView>>, StorageFault> {
        let now = self.now();
        let tables = self.read()?;
        if query.kind == GroupKind::Direct {
            return Ok(tables.list_direct(query, now));
        }
        let groups = tables.groups.iter().filter(|(_, row)| !row.is_deleted).map(|(_, row)| &row.group);
        let found = groups
            .filter(|group| query.only.as_ref().is_none_or(|only| only.contain(group.id)))
            .filter(|group| !query.mine || tables.memberships.contains(&(group.id, query.viewer)))
            .filter(|group| !query.ownerless || group.member_count == 0)
            .filter(|group| query.all || query.ownerless || tables.is_visible(group, query.viewer))
            .filter_map(|group| {
                Some(ListedName { of: Named::Group(group.id), key: key_of(group)?, entry: group })
            })
            .filter(|named| query.search.as_ref().is_none_or(|text| named.key.contains(text.as_str())))
            .map(|ListedName { of, key, entry }| ListedName {
                of,
                key,
                entry: tables.group_view(entry, query.viewer, now),
            });
        Ok(list(tables, found, query.after.as_ref(), query.limit))
    }

    fn insert(&mut self, group: &NewGroup) -> Result<Unique<GroupId>, StorageFault> {
        let tables = self.write()?;
        if tables.is_taken(&group.name, group.visibility, None) {
            return Ok(Unique::Taken);
        }
        let id = GroupId::new(tables.group_ids.take());
        let group = group.clone().into_group(id);
        tables.groups.put(
            id,
            GroupRow { group, is_deleted: false, direct_key: None, first_read_version: Version::FIRST },
        );
        Ok(Unique::Stored(id))
    }

    fn find_direct(&mut self, key: &DirectKey) -> Result<Option<GroupId>, StorageFault> {
        let mut groups = self.read()?.groups.iter();
        Ok(groups.find(|(_, row)| row.direct_key.as_ref() == Some(key)).map(|(id, _)| *id))
    }

    fn insert_direct(&mut self, direct: &NewDirect) -> Result<Unique<GroupId>, StorageFault> {
        if self.find_direct(&direct.key)?.is_some() {
            return Ok(Unique::Taken);
        }
        let tables = self.write()?;
        let id = GroupId::new(tables.group_ids.take());
        let group = direct.to_group(id);
        let direct_key = Some(direct.key.clone());
        tables
            .groups
            .put(id, GroupRow { group, is_deleted: false, direct_key, first_read_version: Version::FIRST });
        Ok(Unique::Stored(id))
    }

    fn update(&mut self, group: &Group) -> Result<Unique<()>, StorageFault> {
        let tables = self.write()?;
        let Some(old_key) = tables.group(group.id).map(key_of) else {
            return Err(self.fail("there is no such group to change"));
        };
        let name = group.name.as_ref();
        if name.is_some_and(|name| tables.is_taken(name, group.visibility, Some(group.id))) {
            return Ok(Unique::Taken);
        }
        tables.groups.change(&group.id, |row| {
            row.group.name.clone_from(&group.name);
            row.group.description.clone_from(&group.description);
            row.group.visibility = group.visibility;
            row.group.history = group.history;
            row.group.topic.clone_from(&group.topic);
            row.group.slow_mode = group.slow_mode;
            row.group.receipts = group.receipts;
            row.group.retention = group.retention;
            row.group.archived_at = group.archived_at;
            row.group.version = group.version;
        });
        if let Some(old_key) = old_key.filter(|old_key| key_of(group).as_ref() != Some(old_key)) {
            tables.note_rename(Named::Group(group.id), old_key);
        }
        Ok(Unique::Stored(()))
    }

    fn mark_deleted(&mut self, id: GroupId, _: Timestamp) -> Result<(), StorageFault> {
        let tables = self.write()?;
        tables.groups.change(&id, |row| row.is_deleted = true);
        tables.forget_names(Named::Group(id));
        Ok(())
    }

    fn purge(&mut self, id: GroupId, limit: i64) -> Result<bool, StorageFault> {
        let tables = self.write()?;
        let is_marked = tables.groups.get(&id).is_some_and(|row| row.is_deleted);
        Ok(!is_marked || tables.purge_group(id, false, usize::try_from(limit).unwrap_or(0)))
    }

    fn forget(&mut self, id: GroupId, limit: i64) -> Result<bool, StorageFault> {
        let tables = self.write()?;
        let is_marked = tables.groups.get(&id).is_some_and(|row| row.is_deleted);
        Ok(!is_marked || tables.purge_group(id, true, usize::try_from(limit).unwrap_or(0)))
    }
}

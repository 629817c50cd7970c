//! Groups as lists of groups show them.

use std::cmp::Reverse;

use groupchat_domain::accounts::UserRef;
use groupchat_domain::groups::Group;
use groupchat_domain::ids::{GroupId, UserId};
use groupchat_domain::storage::{StorageFault, Tx as _};
use groupchat_domain::sync::{LatestMessage, OverviewQuery, OverviewRepository, StoredOverview};
use groupchat_domain::time::Timestamp;

use crate::model::state::Tables;
use crate::model::tx::ModelTx;

impl Tables {
    /// `None` for a group that the viewer is not in.
    fn overview(&self, group: &Group, viewer: UserId, now: Timestamp) -> Option<StoredOverview> {
        let standing = self.standing(group.id, viewer, now)?;
        let newest = self.messages.get(&(group.id, None, group.last_seq));
        let latest = newest.map(|message| LatestMessage {
            message: self.with_author(message).as_quoted(),
            created_at: message.created_at,
        });
        let above = group.readable_after(&standing).max(group.trimmed.upto);
        let unread_mentions = self.unread_mentions(viewer, (group.id, None), above);
        Some(StoredOverview { group: group.clone(), standing, unread_mentions, latest })
    }

    fn groups_in_use(&self) -> impl Iterator<Item = &Group> {
        self.groups.iter().filter(|(_, row)| !row.is_deleted).map(|(_, row)| &row.group)
    }
}

impl OverviewRepository for ModelTx<'_> {
    fn list(&mut self, query: &OverviewQuery) -> Result<Vec<StoredOverview>, StorageFault> {
        let now = self.now();
        let tables = self.read()?;
        let mut listed: Vec<_> = tables
            .groups_in_use()
            .filter(|group| query.only.as_ref().is_none_or(|only| only.contains(&group.id)))
            .filter_map(|group| tables.overview(group, query.viewer, now))
            .collect();
        listed.sort_by_key(|overview| {
            let sent = overview.latest.as_ref().map(|latest| latest.created_at);
            Reverse((sent.unwrap_or(overview.group.created_at), overview.group.id))
        });
        listed.truncate(usize::try_from(query.limit).unwrap_or(0));
        Ok(listed)
    }

    fn direct(&mut self, user: UserId, limit: i64) -> Result<Vec<GroupId>, StorageFault> {
        let tables = self.read()?;
        let is_own = |group: &&Group| group.is_direct() && tables.memberships.contains(&(group.id, user));
        let mut direct: Vec<_> = tables.groups_in_use().filter(is_own).map(|group| group.id).collect();
        direct.sort_unstable_by_key(|group| Reverse(*group));
        direct.truncate(usize::try_from(limit).unwrap_or(0));
        Ok(direct)
    }

    fn people(&mut self, user: UserId, groups: &[GroupId]) -> Result<Vec<(GroupId, UserRef)>, StorageFault> {
        let tables = self.read()?;
        let members = tables.memberships.iter().map(|(key, _)| *key);
        let others = members.filter(|(group, member)| groups.contains(group) && *member != user);
        Ok(others.map(|(group, member)| (group, tables.user_ref(member))).collect())
    }
}

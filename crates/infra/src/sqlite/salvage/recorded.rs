//! The changes of users, groups and memberships that newer events record.

use std::collections::{BTreeMap, BTreeSet};

use groupchat_domain::events::EventType;

use crate::rows::events::Row as EventRow;

/// What has changed since the backup, of users, groups and memberships that the backup has.
#[derive(Default)]
pub(super) struct RecordedChanges {
    /// When users were deleted.
    pub(super) deleted_users: BTreeMap<i64, i64>,
    /// When groups were deleted.
    pub(super) deleted_groups: BTreeMap<i64, i64>,
    /// Groups that became private, even if they were opened again.
    pub(super) hidden_groups: BTreeSet<i64>,
    /// The newest event about each membership, by group and user: whether it has ended.
    pub(super) memberships: BTreeMap<(i64, i64), bool>,
    /// The newest event about each ban, by group and user: whether it has ended.
    pub(super) bans: BTreeMap<(i64, i64), bool>,
    /// Memberships whose role has changed.
    pub(super) roles: BTreeSet<(i64, i64)>,
}

impl RecordedChanges {
    /// Notes a newer event.
    pub(super) fn add(&mut self, event: &EventRow) {
        let is = |kind: EventType| event.event_type == kind.as_str();
        match (event.group_id, event.user_id) {
            (_, Some(user)) if is(EventType::UserDeleted) => {
                self.deleted_users.insert(user, event.at);
            }
            (Some(group), _) if is(EventType::GroupDeleted) => {
                self.deleted_groups.insert(group, event.at);
            }
            (Some(group), _) if is(EventType::GroupHidden) => {
                self.hidden_groups.insert(group);
            }
            (Some(group), Some(user)) if is(EventType::MemberAdded) || is(EventType::MemberRemoved) => {
                self.memberships.insert((group, user), is(EventType::MemberRemoved));
            }
            (Some(group), Some(user)) if is(EventType::BanCreated) || is(EventType::BanEnded) => {
                self.bans.insert((group, user), is(EventType::BanEnded));
            }
            (Some(group), Some(user)) if is(EventType::MemberUpdated) => {
                self.roles.insert((group, user));
            }
            _ => {}
        }
    }

    /// Whether the newest event about a membership says that it has ended.
    pub(super) fn has_ended(&self, group: i64, user: i64) -> bool {
        self.memberships.get(&(group, user)).copied().unwrap_or(false)
    }
}

//! Tracks the presence of users for others who share a group with them.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::last_seen::LastSeen;
use super::user_presence::{DeviceId, UserPresence};
use crate::accounts::PresenceSetting;
use crate::events::{
    AddedMember, EphemeralEvent, Event, LoggedEvent, RemovedGroup, RemovedMember, UserUpdate, Viewer,
};
use crate::ids::{GroupId, UserId};
use crate::presence::Presence;
use crate::time::Timestamp;

/// The maximum number of users in the snapshot that a user gets on connecting.
pub const MAX_SNAPSHOT: usize = 1_000;

/// How many users are shown in one group. If more connect, the group's members are not notified of them: otherwise each
/// mass reconnect in a group of thousands would send thousands of events to thousands of members. Members who share a
/// smaller group with such a user still see them.
pub const MAX_SHOWN_PER_GROUP: usize = 100;

/// A change of a user's presence, to be broadcast.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PresenceChange {
    /// The user.
    pub user: UserId,
    /// Their presence now.
    pub presence: Presence,
    /// When they were last seen. `None` unless they are offline.
    pub last_seen_at: Option<Timestamp>,
    /// The groups whose members are notified, in addition to the user's own devices.
    pub groups: Vec<GroupId>,
}

impl From<PresenceChange> for EphemeralEvent {
    fn from(change: PresenceChange) -> Self {
        let PresenceChange { user, presence, last_seen_at, .. } = change;
        Self::PresenceChanged { user, presence, last_seen_at }
    }
}

impl PresenceChange {
    /// Merges this change with an earlier one of the same user that was not broadcast.
    #[must_use]
    pub fn instead_of(mut self, earlier: Self) -> Self {
        self.groups.extend(earlier.groups);
        self.groups.sort_unstable();
        self.groups.dedup();
        self
    }
}

/// What one of two users is told from whom the other is hidden: that the other is offline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parting {
    /// Who is told.
    pub to: UserId,
    /// Who is offline to them.
    pub user: UserId,
    /// When that user was last seen.
    pub last_seen_at: Timestamp,
}

impl From<Parting> for EphemeralEvent {
    fn from(parting: Parting) -> Self {
        let Parting { user, last_seen_at, .. } = parting;
        Self::PresenceChanged { user, presence: Presence::Offline, last_seen_at: Some(last_seen_at) }
    }
}

/// The result of opening a connection.
#[derive(Debug, PartialEq, Eq)]
pub struct Connected {
    /// The id of the new device.
    pub device: DeviceId,
    /// The change to broadcast, if any.
    pub change: Option<PresenceChange>,
}

/// Tracks the connected users of this server, and what was announced about them.
///
/// Each change is announced once, to the members of the groups in which the user is shown. Going offline is announced
/// to everyone who was told that the user is there. For others, hiding looks like going offline. Memberships follow the
/// log: pass every event to [`apply`](Self::apply) as it is broadcast, or call [`forget_all`](Self::forget_all).
#[derive(Debug)]
pub struct PresenceTracker {
    users: HashMap<UserId, UserPresence>,
    /// The users shown in each group: connected, not hidden, and announced.
    shown_in: HashMap<GroupId, HashSet<UserId>>,
    last_seen: LastSeen,
    next: DeviceId,
}

impl Default for PresenceTracker {
    fn default() -> Self {
        Self {
            users: HashMap::new(),
            shown_in: HashMap::new(),
            last_seen: LastSeen::default(),
            next: DeviceId::FIRST,
        }
    }
}

impl PresenceTracker {
    /// A user has connected. `viewer` is the user's current state.
    pub fn connect(&mut self, viewer: &Viewer, now: Timestamp) -> Connected {
        let (user, device) = (viewer.user, self.next);
        self.next = device.next();
        self.last_seen.forget(user);
        let present = self.users.entry(user).or_insert_with(|| UserPresence::new(now));
        present.set(viewer.presence, viewer.version);
        present.connect(device, now);
        // Events may have been missed while there were no listeners.
        let groups: HashSet<_> = viewer.open_groups().collect();
        let before = std::mem::replace(&mut present.groups, groups.clone());
        for group in before.difference(&groups) {
            self.withdraw_presence(*group, user);
        }
        let joined = groups.difference(&before).copied().collect();
        Connected {
            device,
            change: self.announce(user, now).or_else(|| self.announce_to_joined(user, joined)),
        }
    }

    /// A connection has ended. If it was the user's last one, [`tick`](Self::tick) announces this later.
    pub fn disconnect(&mut self, user: UserId, device: DeviceId, now: Timestamp) -> Option<PresenceChange> {
        self.users.get_mut(&user)?.disconnect(device, now);
        self.announce(user, now)
    }

    /// The user was active on a device. A heartbeat of its connection doesn't count.
    pub fn act(&mut self, user: UserId, device: DeviceId, now: Timestamp) -> Option<PresenceChange> {
        self.users.get_mut(&user)?.act(device, now);
        self.announce(user, now)
    }

    /// The client reports that the user is away from the device. This lasts until the next activity on it.
    pub fn leave(&mut self, user: UserId, device: DeviceId, now: Timestamp) -> Option<PresenceChange> {
        self.users.get_mut(&user)?.leave(device);
        self.announce(user, now)
    }

    /// Forgets all users, because events were skipped.
    pub fn forget_all(&mut self) {
        // Device ids continue, so that an old one is never taken for a new one.
        *self = Self { next: self.next, ..Self::default() };
    }

    /// The changes that the passage of time causes, sorted by user: inactive users become away, and users who have not
    /// reconnected go offline. Call it about once a second.
    pub fn tick(&mut self, now: Timestamp) -> Vec<PresenceChange> {
        let mut due: Vec<_> =
            self.users.iter().filter(|(_, present)| present.is_due(now)).map(|(user, _)| *user).collect();
        due.sort_unstable();
        let changes: Vec<_> = due.into_iter().filter_map(|user| self.announce(user, now)).collect();
        for (user, present) in self.users.extract_if(|_, present| present.is_gone(now)) {
            if present.setting == PresenceSetting::Shown {
                self.last_seen.note(user, present.seen_at, present.groups);
            }
        }
        changes
    }

    /// Applies an event of the log, and returns the change to announce, if any. A user who was added to a group learns
    /// who is present by [`snapshot`](Self::snapshot).
    pub fn apply(&mut self, logged: &LoggedEvent, now: Timestamp) -> Option<PresenceChange> {
        match &logged.event {
            Event::UserUpdated(UserUpdate { user, .. }) => {
                if user.presence == PresenceSetting::Hidden {
                    self.last_seen.forget(user.id);
                }
                self.users.get_mut(&user.id)?.set(user.presence, user.version);
                self.announce(user.id, now)
            }
            Event::UserDeleted(user) => {
                self.forget(*user);
                None
            }
            Event::MemberAdded(AddedMember { group, member, .. }) => {
                let user = member.user.id;
                self.last_seen.enter(*group, user);
                self.users.get_mut(&user)?.groups.insert(*group);
                self.announce_to_joined(user, vec![*group])
            }
            Event::MemberRemoved(RemovedMember { group, user }) => {
                self.last_seen.leave(*group, *user);
                self.users.get_mut(user)?.groups.remove(group);
                self.withdraw_presence(*group, *user);
                None
            }
            Event::GroupDeleted(RemovedGroup { id: group, .. }) => {
                self.shown_in.remove(group);
                self.last_seen.forget_group(*group);
                for present in self.users.values_mut() {
                    present.groups.remove(group);
                }
                None
            }
            // The user did something with a message, by whatever means.
            event if event.ids().message.is_some() => {
                let user = logged.actor?;
                self.users.get_mut(&user)?.act_anywhere(now);
                self.announce(user, now)
            }
            _ => None,
        }
    }

    /// Applies that the direct conversation of two users was closed: in it, they are no longer shown to each other. Returns
    /// who is offline from now on, and to whom: if they are shown in another group, they still see each other. For the
    /// other, it looks like going offline.
    pub fn part(&mut self, group: GroupId, pair: [UserId; 2]) -> Vec<Parting> {
        let [one, other] = pair;
        let were_shown = pair.map(|user| {
            self.last_seen.leave(group, user);
            if let Some(present) = self.users.get_mut(&user) {
                present.groups.remove(&group);
            }
            self.withdraw_presence(group, user)
        });
        let hidden =
            [(one, other), (other, one)].into_iter().zip(were_shown).filter(|(_, was_shown)| *was_shown);
        let parted = hidden.filter(|((user, from), _)| !self.is_shown_to(*user, *from));
        let parting = |((user, to), _): (_, _)| {
            let last_seen_at = self.users.get(&user)?.seen_at;
            Some(Parting { to, user, last_seen_at })
        };
        parted.filter_map(parting).collect()
    }

    /// Applies that the direct conversation of two users is open again. Returns the changes to announce.
    pub fn reunite(&mut self, group: GroupId, pair: [UserId; 2]) -> Vec<PresenceChange> {
        let mut changes = Vec::new();
        for user in pair {
            self.last_seen.enter(group, user);
            if let Some(present) = self.users.get_mut(&user) {
                present.groups.insert(group);
                changes.extend(self.announce_to_joined(user, vec![group]));
            }
        }
        changes
    }

    /// Whether a user is shown in one of the groups of another.
    fn is_shown_to(&self, user: UserId, other: UserId) -> bool {
        let groups = self.users.get(&other).into_iter().flat_map(|present| &present.groups);
        groups.filter_map(|group| self.shown_in.get(group)).any(|shown| shown.contains(&user))
    }

    /// The presence of all users who are shown in these groups, except one, and when users who are offline were last
    /// seen. Sorted by user. Limited in length; users who are present take precedence.
    pub fn snapshot(&self, groups: &[GroupId], except: UserId) -> Vec<EphemeralEvent> {
        let shown = groups.iter().filter_map(|group| self.shown_in.get(group)).flatten();
        let here =
            shown.filter_map(|user| self.users.get(user).map(|present| (*user, (present.announced, None))));
        let seen = self.last_seen.in_groups(groups);
        let gone = seen.map(|(user, at)| (user, (Presence::Offline, Some(at))));
        let mut all = BTreeMap::new();
        for (user, how) in here.chain(gone).filter(|(user, _)| *user != except) {
            all.insert(user, how);
            if all.len() >= MAX_SNAPSHOT {
                break;
            }
        }
        let event = |(user, (presence, last_seen_at))| EphemeralEvent::PresenceChanged {
            user,
            presence,
            last_seen_at,
        };
        all.into_iter().map(event).collect()
    }

    /// The users who are shown in a group as online, in the order of their ids: what others see of it, and so at most
    /// `MAX_SHOWN_PER_GROUP`.
    pub fn online_in(&self, group: GroupId) -> Vec<UserId> {
        let shown = self.shown_in.get(&group).into_iter().flatten();
        let is_online = |user: &&UserId| {
            self.users.get(user).is_some_and(|present| present.announced == Presence::Online)
        };
        let mut online: Vec<_> = shown.filter(is_online).copied().collect();
        online.sort_unstable();
        online
    }

    /// The change to announce about a user, if their presence differs from what was announced.
    fn announce(&mut self, user: UserId, now: Timestamp) -> Option<PresenceChange> {
        let present = self.users.get_mut(&user)?;
        let presence = present.visible(now);
        if presence == present.announced || present.is_settling(now) {
            return None;
        }
        present.announced = presence;
        present.announced_at = now;
        let is_here = presence != Presence::Offline;
        let last_seen_at = (!is_here).then_some(present.seen_at);
        let mut groups: Vec<_> = present.groups.iter().copied().collect();
        groups.sort_unstable();
        groups.retain(|group| {
            if is_here { self.publish_presence(*group, user) } else { self.withdraw_presence(*group, user) }
        });
        Some(PresenceChange { user, presence, last_seen_at, groups })
    }

    /// Announces a user's known presence to the members of groups that the user has joined.
    fn announce_to_joined(&mut self, user: UserId, mut joined: Vec<GroupId>) -> Option<PresenceChange> {
        let presence = self.users.get(&user)?.announced;
        joined.sort_unstable();
        joined.retain(|group| presence != Presence::Offline && self.publish_presence(*group, user));
        let change = PresenceChange { user, presence, last_seen_at: None, groups: joined };
        (!change.groups.is_empty()).then_some(change)
    }

    /// Publishes a user's presence in a group. Returns false if too many are shown already.
    fn publish_presence(&mut self, group: GroupId, user: UserId) -> bool {
        let shown = self.shown_in.entry(group).or_default();
        shown.contains(&user) || (shown.len() < MAX_SHOWN_PER_GROUP && shown.insert(user))
    }

    /// Withdraws a user's presence from a group. Returns whether they were shown.
    fn withdraw_presence(&mut self, group: GroupId, user: UserId) -> bool {
        let Some(shown) = self.shown_in.get_mut(&group) else { return false };
        let was_shown = shown.remove(&user);
        if shown.is_empty() {
            self.shown_in.remove(&group);
        }
        was_shown
    }

    fn forget(&mut self, user: UserId) {
        self.last_seen.forget(user);
        let Some(present) = self.users.remove(&user) else { return };
        for group in present.groups {
            self.withdraw_presence(group, user);
        }
    }
}

#[cfg(test)]
mod tests;

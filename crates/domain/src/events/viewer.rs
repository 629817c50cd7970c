//! Who may see which event. The only place that decides this, for live and for replayed events.

use std::collections::HashMap;

use crate::accounts::PresenceSetting;
use crate::events::audience::Audience;
use crate::events::model::LoggedEvent;
use crate::events::record::EventRecord;
use crate::events::subject::{GroupMember, RemovedGroup, RemovedMember, UserUpdate};
use crate::events::table::{Event, EventType};
use crate::ids::{EventId, GroupId, SessionId, UserId, Version};

/// A listening user, with the groups that the user is in. Applying an event updates it, so that it always has the state
/// right after the last event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Viewer {
    /// The user.
    pub user: UserId,
    /// The session of the key.
    pub session: SessionId,
    /// Whether others may see the presence of the viewer.
    pub presence: PresenceSetting,
    /// The version of the user that this setting comes from. An older event doesn't change it.
    pub version: Version,
    /// The groups that the user is in, each with the event that added the user. Older events are not visible.
    memberships: HashMap<GroupId, EventId>,
}

impl Viewer {
    /// A viewer in these groups, whose presence is hidden unless set otherwise.
    pub fn new(
        user: UserId,
        session: SessionId,
        memberships: impl IntoIterator<Item = (GroupId, EventId)>,
    ) -> Self {
        let memberships = memberships.into_iter().collect();
        Self { user, session, presence: PresenceSetting::Hidden, version: Version::FIRST, memberships }
    }

    /// The same viewer with this setting.
    #[must_use]
    pub fn with_presence(self, presence: PresenceSetting) -> Self {
        Self { presence, ..self }
    }

    /// The same viewer at this version of the user.
    #[must_use]
    pub fn at_version(self, version: Version) -> Self {
        Self { version, ..self }
    }

    /// The groups that the user is in.
    pub fn groups(&self) -> impl Iterator<Item = GroupId> {
        self.memberships.keys().copied()
    }

    /// Whether the user is in this group.
    pub fn is_in(&self, group: GroupId) -> bool {
        self.memberships.contains_key(&group)
    }

    /// Applies an event to the viewer, and returns whether the viewer may see it. The deletion of a group is visible to
    /// its last members.
    pub fn apply_and_check(&mut self, logged: &LoggedEvent) -> bool {
        let saw = matches!(logged.event, Event::GroupDeleted(_)) && self.may_see(logged);
        self.apply(logged);
        saw || self.may_see(logged)
    }

    /// Applies an event to the viewer. Events that the initial memberships already include change nothing.
    fn apply(&mut self, logged: &LoggedEvent) {
        match &logged.event {
            Event::MemberAdded(GroupMember { group, member }) if member.user.id == self.user => {
                let since = self.memberships.entry(*group).or_insert(logged.id);
                *since = (*since).max(logged.id);
            }
            Event::MemberRemoved(RemovedMember { group, user })
                if *user == self.user
                    && self.memberships.get(group).is_some_and(|since| *since < logged.id) =>
            {
                self.memberships.remove(group);
            }
            Event::GroupDeleted(RemovedGroup { id: group, .. }) => {
                self.memberships.remove(group);
            }
            Event::UserUpdated(UserUpdate { user, .. })
                if user.id == self.user && user.version >= self.version =>
            {
                (self.presence, self.version) = (user.presence, user.version);
            }
            _ => {}
        }
    }

    /// Whether the viewer may see the event, with the current memberships.
    pub fn may_see(&self, logged: &LoggedEvent) -> bool {
        let LoggedEvent { id, audience, .. } = logged;
        !matches!(logged.event, Event::Gone(_)) && self.is_meant(logged.event.event_type(), *audience, *id)
    }

    /// The same for an event of which only the record in the log is available.
    pub fn may_see_record(&self, record: &EventRecord) -> bool {
        self.is_meant(record.event_type, record.audience, record.id)
    }

    fn is_meant(&self, event_type: EventType, audience: Audience, id: EventId) -> bool {
        if event_type.is_hidden() {
            return false;
        }
        match audience {
            Audience::All => true,
            Audience::Group(group) => self.has_joined(group, id),
            Audience::GroupAndUser(group, user) => user == self.user || self.has_joined(group, id),
            Audience::User(user) => user == self.user,
            Audience::Session(session) => session == self.session,
        }
    }

    /// Whether the viewer is in the group and was in it at the event with this id.
    fn has_joined(&self, group: GroupId, id: EventId) -> bool {
        self.memberships.get(&group).is_some_and(|since| id >= *since)
    }
}

#[cfg(test)]
mod tests;

//! Who may see which event. The only place that decides this, for live and for replayed events.

use std::collections::HashMap;

use crate::accounts::PresenceSetting;
use crate::events::event_type::EventType;
use crate::events::model::{Audience, Event, LoggedEvent};
use crate::events::record::EventRecord;
use crate::ids::{EventId, GroupId, SessionId, UserId, Version};

/// Somebody who listens, with the groups they are in. Events change it as they pass, so that it says at each event
/// what holds right after it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Viewer {
    /// The user.
    pub user: UserId,
    /// The session of the key.
    pub session: SessionId,
    /// Whether others may see that the viewer is there.
    pub presence: PresenceSetting,
    /// The version of the user that says so: an older event changes nothing.
    pub version: Version,
    /// The groups that the user is in, each with the event by which the user came in. What is older than that comes
    /// over REST.
    memberships: HashMap<GroupId, EventId>,
}

impl Viewer {
    /// A viewer who is in these groups, and whose presence is hidden unless somebody says that it need not be.
    pub fn new(
        user: UserId,
        session: SessionId,
        memberships: impl IntoIterator<Item = (GroupId, EventId)>,
    ) -> Self {
        let memberships = memberships.into_iter().collect();
        Self { user, session, presence: PresenceSetting::Hidden, version: Version::FIRST, memberships }
    }

    /// The same viewer, with this setting.
    #[must_use]
    pub fn with_presence(self, presence: PresenceSetting) -> Self {
        Self { presence, ..self }
    }

    /// The same viewer, of whom this version of the user is known.
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

    /// Takes in what an event changes for the viewer, and says whether the viewer sees it. That a group is deleted is
    /// seen by who was in it until then.
    pub fn show(&mut self, logged: &LoggedEvent) -> bool {
        let saw = matches!(logged.event, Event::GroupDeleted(_)) && self.may_see(logged);
        self.take_in(logged);
        saw || self.may_see(logged)
    }

    /// Takes in what an event changes for the viewer. Events that the memberships given at the beginning know of
    /// already change nothing.
    fn take_in(&mut self, logged: &LoggedEvent) {
        match &logged.event {
            Event::MemberAdded(group, member) if member.user.id == self.user => {
                let since = self.memberships.entry(*group).or_insert(logged.id);
                *since = (*since).max(logged.id);
            }
            Event::MemberRemoved(group, user)
                if *user == self.user
                    && self.memberships.get(group).is_some_and(|since| *since < logged.id) =>
            {
                self.memberships.remove(group);
            }
            Event::GroupDeleted(group) => {
                self.memberships.remove(group);
            }
            Event::UserUpdated(user) if user.id == self.user && user.version >= self.version => {
                (self.presence, self.version) = (user.presence, user.version);
            }
            _ => {}
        }
    }

    /// Whether the viewer may see the event, given the memberships as they are now.
    pub fn may_see(&self, logged: &LoggedEvent) -> bool {
        let LoggedEvent { id, audience, .. } = logged;
        !matches!(logged.event, Event::Gone(_)) && self.is_meant(logged.event.event_type(), *audience, *id)
    }

    /// The same of an event of which only the log's record is there.
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

    /// Whether the viewer is in the group and was so when the event with this id happened.
    fn has_joined(&self, group: GroupId, id: EventId) -> bool {
        self.memberships.get(&group).is_some_and(|since| id >= *since)
    }
}

#[cfg(test)]
mod tests;

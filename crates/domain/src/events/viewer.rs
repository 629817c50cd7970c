//! Who may see which event. The only place that decides this, for live and for replayed events.

use std::collections::HashMap;

use crate::accounts::{PresenceSetting, TokenGroups};
use crate::error::Error;
use crate::events::about::SubjectIds;
use crate::events::audience::Audience;
use crate::events::model::LoggedEvent;
use crate::events::record::EventRecord;
use crate::events::subject::{
    AddedMember, BanUpdate, DirectPartner, EndedBan, EndedJoinRequest, GroupMember, GroupSenders,
    GroupUpdate, JoinRequestUpdate, RemovedGroup, RemovedMember, UserUpdate,
};
use crate::events::table::{Event, EventType};
use crate::groups::{GroupRefusal, JoinedGroup, Writing};
use crate::ids::{EventId, GroupId, SessionId, UserId, Version};
use crate::permissions::PermittedRoles;
use crate::time::Timestamp;

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
    /// The groups that the user is in, and private ones that have been deleted and whose end is still to be told. Those
    /// that the session is not for are left out.
    memberships: HashMap<GroupId, JoinedGroup>,
    /// The groups that the session is for, if it is only for some: it is told of nothing else.
    only: Option<TokenGroups>,
}

impl Viewer {
    /// A viewer in these groups, whose presence is hidden unless set otherwise.
    pub fn new(user: UserId, session: SessionId, joined: impl IntoIterator<Item = JoinedGroup>) -> Self {
        let memberships = joined.into_iter().map(|group| (group.id, group)).collect();
        let (presence, version) = (PresenceSetting::Hidden, Version::FIRST);
        Self { user, session, presence, version, memberships, only: None }
    }

    /// The same viewer with a session that is only for these groups, if it is not for all.
    #[must_use]
    pub fn only_in(mut self, only: Option<&TokenGroups>) -> Self {
        if let Some(only) = only {
            self.memberships.retain(|group, _| only.contain(*group));
        }
        Self { only: only.cloned(), ..self }
    }

    /// Whether the session is only for some groups.
    pub const fn is_limited(&self) -> bool {
        self.only.is_some()
    }

    /// Whether the session is for what is about this group, or about none.
    fn reaches(&self, about: Option<GroupId>) -> bool {
        self.only.as_ref().is_none_or(|only| about.is_some_and(|group| only.contain(group)))
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
        self.memberships.values().filter(|group| !group.has_ended).map(|group| group.id)
    }

    /// The groups in which the user and the other members are shown to each other.
    pub fn open_groups(&self) -> impl Iterator<Item = GroupId> {
        let open = |group: &&JoinedGroup| !group.has_ended && !group.writing.is_closed;
        self.memberships.values().filter(open).map(|group| group.id)
    }

    /// Rejects what the user writes in a group now, as sending a message would be rejected, but for slow mode.
    ///
    /// # Errors
    /// `NotFound` for a group that the user is not in, whether or not it exists; `RoleTooLow`, `Archived`, `Muted` or
    /// `DirectClosed` of [`GroupRefusal`].
    pub fn require_to_write(&self, group: GroupId, now: Timestamp) -> Result<(), Error> {
        let joined = self.memberships.get(&group).filter(|group| !group.has_ended);
        Ok(joined.ok_or(GroupRefusal::NotFound)?.require_to_write(now)?)
    }

    /// The private groups that have been deleted, and whose end the user is still to be told of.
    pub fn ended_groups(&self) -> impl Iterator<Item = GroupId> {
        self.memberships.values().filter(|group| group.has_ended).map(|group| group.id)
    }

    /// Whether the user is in this group.
    pub fn is_in(&self, group: GroupId) -> bool {
        self.memberships.get(&group).is_some_and(|group| !group.has_ended)
    }

    /// Whether this group, a private one, has been deleted, and the user is still to be told of it.
    pub fn awaits_end(&self, group: GroupId) -> bool {
        self.memberships.get(&group).is_some_and(|group| group.has_ended)
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
            Event::MemberAdded(AddedMember { group, member, history })
                if member.user.id == self.user
                    && self.reaches(Some(*group))
                    && self.memberships.get(group).is_none_or(|known| known.since < logged.id) =>
            {
                let (joined_seq, role, history) = (member.joined_seq, member.role.name.clone(), *history);
                let muted_until = member.mute.as_ref().map(|mute| mute.until);
                let writing = Writing { muted_until, ..Writing::usual(&role) };
                let whole = JoinedGroup::whole(*group, logged.id);
                self.memberships.insert(*group, JoinedGroup { joined_seq, role, history, writing, ..whole });
            }
            // The group is gone, or the user has left it again: a later event says so. Until then the user may learn of
            // its end and nothing else.
            Event::Gone(EventType::MemberAdded, SubjectIds { group: Some(group), user: Some(user), .. })
                if *user == self.user
                    && self.reaches(Some(*group))
                    && self.memberships.get(group).is_none_or(|known| known.since < logged.id) =>
            {
                let ended = JoinedGroup { has_ended: true, ..JoinedGroup::whole(*group, logged.id) };
                self.memberships.insert(*group, ended);
            }
            Event::MemberUpdated(GroupMember { group, member }) if member.user.id == self.user => {
                if let Some(joined) = self.memberships.get_mut(group) {
                    joined.set_role(&member.role.name);
                    joined.writing.muted_until = member.mute.as_ref().map(|mute| mute.until);
                }
            }
            Event::GroupCreated(GroupUpdate { group, .. })
            | Event::GroupUpdated(GroupUpdate { group, .. }) => {
                if let Some(joined) = self.memberships.get_mut(&group.id) {
                    joined.history = group.history;
                    joined.writing.is_archived = group.archived_at.is_some();
                }
            }
            Event::SendersUpdated(GroupSenders { group, senders }) => {
                if let Some(joined) = self.memberships.get_mut(group) {
                    joined.writing.role_sends = senders.contain(&joined.role);
                }
            }
            Event::DirectClosed(DirectPartner { group, .. }) => self.set_closed(*group, true),
            Event::DirectOpened(DirectPartner { group, .. }) => self.set_closed(*group, false),
            Event::MemberRemoved(RemovedMember { group, user })
                if *user == self.user
                    && self.memberships.get(group).is_some_and(|joined| joined.since < logged.id) =>
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

    fn set_closed(&mut self, group: GroupId, is_closed: bool) {
        if let Some(joined) = self.memberships.get_mut(&group) {
            joined.writing.is_closed = is_closed;
        }
    }

    /// Whether the viewer may see the event, with the current memberships.
    pub fn may_see(&self, logged: &LoggedEvent) -> bool {
        let LoggedEvent { id, audience, event, .. } = logged;
        self.is_meant(event.event_type(), *audience, *id, event.ids().group) && self.may_read(logged)
    }

    /// Whether the viewer may read what the event is about, as it is now: an event that was for everybody may be about
    /// a group that has become private since, a change of a message about one from before the viewer came in, and not
    /// all members are told of bans and of requests to join. The banned user is told what an event said, and not what has
    /// been changed since: that may have happened in a group that doesn't exist for them.
    fn may_read(&self, logged: &LoggedEvent) -> bool {
        match &logged.event {
            Event::Gone(..) => false,
            Event::GroupCreated(GroupUpdate { group, .. })
            | Event::GroupUpdated(GroupUpdate { group, .. }) => {
                group.visibility.is_listed() || self.is_in(group.id)
            }
            Event::BanCreated(BanUpdate { group, ban, moderators, .. })
            | Event::BanUpdated(BanUpdate { group, ban, moderators, .. }) => {
                let is_told = ban.user.id == self.user && ban.terms_at == logged.at;
                is_told || self.is_among(*group, moderators)
            }
            Event::BanEnded(EndedBan { group, user, moderators, .. }) => {
                *user == self.user || self.is_among(*group, moderators)
            }
            Event::JoinRequestCreated(JoinRequestUpdate { group, request, approvers }) => {
                request.user.id == self.user || self.is_among(*group, approvers)
            }
            Event::JoinRequestEnded(EndedJoinRequest { group, user, approvers }) => {
                *user == self.user || self.is_among(*group, approvers)
            }
            event => event.history().is_none_or(|(group, seq)| {
                let joined = self.memberships.get(&group);
                joined.is_some_and(|joined| seq > joined.history.readable_after(joined.joined_seq))
            }),
        }
    }

    /// Whether the viewer is in the group with one of these roles.
    fn is_among(&self, group: GroupId, permitted: &PermittedRoles) -> bool {
        self.memberships.get(&group).is_some_and(|joined| permitted.contain(&joined.role))
    }

    /// The same for an event of which only the record in the log is available.
    pub fn may_see_record(&self, record: &EventRecord) -> bool {
        self.is_meant(record.event_type, record.audience, record.id, record.subject.group)
    }

    fn is_meant(
        &self,
        event_type: EventType,
        audience: Audience,
        id: EventId,
        about: Option<GroupId>,
    ) -> bool {
        if event_type.is_hidden() || !self.reaches(about) {
            return false;
        }
        match audience {
            // That a group appears or disappears is told to those who were not in it.
            Audience::All => {
                let is_for_outsiders = matches!(event_type, EventType::GroupCreated | EventType::GroupHidden);
                !is_for_outsiders || about.is_none_or(|group| !self.has_joined(group, id))
            }
            Audience::Group(group) if event_type == EventType::GroupDeleted => {
                self.memberships.get(&group).is_some_and(|joined| id >= joined.since)
            }
            Audience::Group(group) => self.has_joined(group, id),
            Audience::GroupAndUser(group, user) => user == self.user || self.has_joined(group, id),
            Audience::User(user) => user == self.user,
            Audience::Session(session) => session == self.session,
        }
    }

    /// Whether the viewer is in the group and was in it at the event with this id.
    fn has_joined(&self, group: GroupId, id: EventId) -> bool {
        self.memberships.get(&group).is_some_and(|joined| !joined.has_ended && id >= joined.since)
    }
}

#[cfg(test)]
mod tests;

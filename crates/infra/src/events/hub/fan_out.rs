//! Finds the listeners that an event is for, and delivers it to them.

use std::collections::HashSet;
use std::sync::Arc;

use groupchat_domain::events::{
    AddedMember, Audience, EphemeralAudience, EphemeralEvent, Event, EventType, LoggedEvent, RemovedGroup,
    RemovedMember, SharedEvent, SubjectIds, Viewer,
};
use groupchat_domain::ids::{GroupId, UserId};
use groupchat_domain::presence::PresenceChange;

use super::listener::{Listener, ends_sessions};
use super::options::HubOptions;
use super::registry::Registry;
use super::shared::{SharedEphemeral, SharedLogged};
use super::wakers::Wakers;

impl Registry {
    /// Broadcasts the next event of the log. Removes listeners that are too slow for it.
    pub(super) fn broadcast(&mut self, event: &SharedLogged, options: &HubOptions, wakers: &mut Wakers) {
        let logged = &event.event;
        let mut slow = Vec::new();
        for listener in self.unauthorized.iter().chain(self.candidates(logged)) {
            if listener.deliver(event, options, wakers).is_err() {
                slow.push(Arc::clone(listener));
            }
        }
        if let Some(user) = ends_sessions(&logged.event) {
            for listener in self.of_user.get(user) {
                if listener.check_session(options, wakers).is_err() {
                    slow.push(Arc::clone(listener));
                }
            }
        }
        // Before slow listeners are removed: `remove` finds a listener's index entries by its viewer's groups, and a
        // viewer that has applied the removal from a group no longer names that group.
        self.move_members(&logged.event);
        for listener in &slow {
            self.remove(listener);
        }
    }

    /// The listeners that the event may be for, and those whose memberships it may change. A listener may occur twice.
    fn candidates(&self, logged: &LoggedEvent) -> impl Iterator<Item = &Arc<Listener>> {
        let (group, user) = match logged.audience {
            Audience::All | Audience::Session(_) => (None, None),
            Audience::Group(group) => (Some(group), logged.event.ids().user),
            Audience::GroupAndUser(group, user) => (Some(group), Some(user)),
            Audience::User(user) => (None, Some(user)),
        };
        let is_for_anybody = group.is_none() && user.is_none();
        let anybody = is_for_anybody.then(|| self.everybody.iter()).into_iter().flatten();
        let in_group = group.map_or(&[][..], |group| self.in_group.get(group));
        let ended = group.filter(|_| matches!(logged.event, Event::GroupDeleted(_)));
        let awaiting_end = ended.map_or(&[][..], |group| self.awaiting_end.get(group));
        let of_user = user.map_or(&[][..], |user| self.of_user.get(user));
        anybody.chain(in_group).chain(awaiting_end).chain(of_user)
    }

    /// Updates the indexes of groups from the viewers.
    fn move_members(&mut self, event: &Event) {
        match event {
            Event::MemberAdded(AddedMember { group, member, .. }) => self.move_member(*group, member.user.id),
            Event::MemberRemoved(RemovedMember { group, user }) => self.move_member(*group, *user),
            Event::Gone(EventType::MemberAdded, SubjectIds { group: Some(group), user: Some(user), .. }) => {
                self.move_member(*group, *user);
            }
            Event::GroupDeleted(RemovedGroup { id, .. }) => {
                self.in_group.remove_all(*id);
                self.awaiting_end.remove_all(*id);
            }
            _ => {}
        }
    }

    fn move_member(&mut self, group: GroupId, user: UserId) {
        for listener in self.of_user.get(user) {
            if listener.is_in(group) {
                self.in_group.add(group, listener);
            } else {
                self.in_group.remove(group, listener);
            }
            if listener.awaits_end(group) {
                self.awaiting_end.add(group, listener);
            } else {
                self.awaiting_end.remove(group, listener);
            }
        }
    }

    /// Delivers an ephemeral event.
    pub(super) fn broadcast_ephemeral(
        &self,
        to: EphemeralAudience,
        event: &SharedEphemeral,
        options: &HubOptions,
        wakers: &mut Wakers,
    ) {
        if let EphemeralAudience::OwnDevices(user) = to {
            for listener in self.unauthorized.iter() {
                listener.keep_for(user, event, options);
            }
        }
        let (listeners, except) = match to {
            EphemeralAudience::OwnDevices(user) => (self.of_user.get(user), None),
            EphemeralAudience::Members(group, user) => (self.in_group.get(group), Some(user)),
        };
        // That somebody is gone for a user is told to their devices, whatever group it is about.
        let is_of_any_group = matches!(to, EphemeralAudience::OwnDevices(_))
            && matches!(event.event, EphemeralEvent::PresenceChanged { .. });
        for listener in listeners {
            if !is_of_any_group || listener.with_viewer(Viewer::is_limited) == Some(false) {
                listener.deliver_ephemeral(event, except, options, wakers);
            }
        }
    }

    /// Broadcasts a user's presence to the user's devices, and to the members of the groups that it names.
    pub(super) fn broadcast_presence(
        &self,
        change: PresenceChange,
        options: &HubOptions,
        wakers: &mut Wakers,
    ) {
        let (user, groups) = (change.user, change.groups.clone());
        let event = Arc::new(SharedEvent::new(EphemeralEvent::from(change)));
        for listener in self.devices_and_members(user, &groups) {
            listener.deliver_ephemeral(&event, None, options, wakers);
        }
    }

    /// The listeners of a user and those in the given groups, without duplicates.
    fn devices_and_members<'a>(
        &'a self,
        user: UserId,
        groups: &'a [GroupId],
    ) -> impl Iterator<Item = &'a Arc<Listener>> {
        let mut met = HashSet::new();
        let in_groups = groups.iter().flat_map(|group| self.in_group.get(*group));
        let all = self.of_user.get(user).iter().chain(in_groups);
        all.filter(move |listener| met.insert(Arc::as_ptr(listener)))
    }
}

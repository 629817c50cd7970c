//! Delivers presence and typing to others. The rules are in the domain.

use std::sync::Arc;

use groupchat_domain::Error;
use groupchat_domain::accounts::PresenceSetting;
use groupchat_domain::events::{
    AddedMember, DirectPartner, EphemeralAudience, EphemeralEvent, Event, LoggedEvent, RemovedMember,
    SharedEvent, Viewer,
};
use groupchat_domain::groups::GroupRefusal;
use groupchat_domain::ids::{GroupId, UserId};
use groupchat_domain::presence::{Activity, Parting, PresenceChange};

use super::clock_reading::ClockReading;
use super::core::Hub;
use super::listener::Listener;
use super::registry::Registry;
use super::trackers::{ConnectedDevice, Trackers};
use super::wakers::Wakers;
use crate::executor::sync::locked;

impl Hub {
    /// Makes a listener a device of its user, and returns a snapshot of who else is present. Returns `None` if the
    /// listener is not authorized or has ended.
    pub(super) fn join(&self, listener: &Listener) -> Option<(ConnectedDevice, Vec<EphemeralEvent>)> {
        // No event can change the memberships in between: it is applied under the second lock.
        let registry = locked(&self.registry);
        let viewer = listener.viewer()?;
        let mut trackers = locked(&self.trackers);
        drop(registry);
        let reading = self.reading();
        let connected = trackers.presence.connect(&viewer, reading.steady);
        self.publish_change(connected.change, reading);
        let groups: Vec<_> = viewer.open_groups().collect();
        let snapshot = trackers.presence.snapshot(&groups, viewer.user);
        let snapshot = snapshot.into_iter().map(|ephemeral| reading.in_wall_time(ephemeral)).collect();
        Some((ConnectedDevice { user: viewer.user, id: connected.device }, snapshot))
    }

    /// Removes a device that is no longer connected.
    pub(super) fn leave(&self, device: ConnectedDevice) {
        let (mut trackers, reading) = (locked(&self.trackers), self.reading());
        self.publish_change(trackers.presence.disconnect(device.user, device.id, reading.steady), reading);
    }

    /// Applies an activity of a listener's user. It counts for presence only if the listener is a device.
    pub(super) fn act(
        &self,
        listener: &Listener,
        device: Option<ConnectedDevice>,
        activity: Activity,
    ) -> Result<(), Error> {
        let mut trackers = locked(&self.trackers);
        let reading = self.reading();
        let (types, now) = (&mut trackers.typing, reading.steady);
        let is_here = match activity {
            Activity::Active => true,
            Activity::Away => false,
            Activity::StartTyping(group, who) => {
                self.type_in(listener, group, reading, |viewer| {
                    types.start(viewer, who, group, now, reading.now)
                })?;
                true
            }
            Activity::StopTyping(group, who) => {
                self.type_in(listener, group, reading, |viewer| types.stop(viewer, who, group, now))?;
                true
            }
        };
        let Some(ConnectedDevice { user, id }) = device else { return Ok(()) };
        let presence = &mut trackers.presence;
        let change = if is_here { presence.act(user, id, now) } else { presence.leave(user, id, now) };
        self.publish_change(change, reading);
        Ok(())
    }

    /// Notifies the other members of a group that a user is typing, unless the user hides their presence.
    fn type_in(
        &self,
        listener: &Listener,
        group: GroupId,
        reading: ClockReading,
        rule: impl FnOnce(&Viewer) -> Result<Option<EphemeralEvent>, Error>,
    ) -> Result<(), Error> {
        let ruled = listener.with_viewer(|viewer| (rule(viewer), viewer.user, viewer.presence));
        let Some((result, user, setting)) = ruled else { return Err(GroupRefusal::NotFound.into()) };
        if let Some(ephemeral) = result?
            && setting == PresenceSetting::Shown
        {
            self.publish_ephemeral(EphemeralAudience::Members(group, user), reading.in_wall_time(ephemeral));
        }
        Ok(())
    }

    /// Applies an event that is being broadcast. A user who joins a group gets a snapshot of who is present in it.
    pub(super) fn apply(&self, logged: &LoggedEvent, registry: &Registry, wakers: &mut Wakers) {
        let (mut trackers, reading) = (locked(&self.trackers), self.reading());
        trackers.typing.apply(logged);
        let change = trackers.presence.apply(logged, reading.steady);
        self.publish_change(change, reading);
        if let Event::MemberRemoved(RemovedMember { group, user }) = &logged.event {
            self.inbox.withdraw_presence(*user, *group);
        }
        match &logged.event {
            Event::DirectClosed(pair) => self.part(&mut trackers, logged.actor, pair, reading),
            Event::DirectOpened(pair) => self.reunite(&mut trackers, logged.actor, pair, reading),
            _ => {}
        }
        if let Event::MemberAdded(AddedMember { group, member, .. }) = &logged.event
            && registry.is_listening(member.user.id)
        {
            let newcomer = member.user.id;
            for present in trackers.presence.snapshot(&[*group], newcomer) {
                let present = Arc::new(SharedEvent::new(reading.in_wall_time(present)));
                // Devices that have not joined yet get a snapshot when they do.
                for device in registry.of_user.get(newcomer) {
                    device.deliver_ephemeral(&present, None, &self.options, wakers);
                }
            }
        }
    }

    /// Applies that the direct conversation of the actor with a user was closed.
    fn part(
        &self,
        trackers: &mut Trackers,
        actor: Option<UserId>,
        pair: &DirectPartner,
        reading: ClockReading,
    ) {
        let DirectPartner { group, user } = *pair;
        // If the account was deleted, the user is shown to nobody anyway.
        let Some(actor) = actor else { return };
        for person in [actor, user] {
            self.inbox.withdraw_presence(person, group);
        }
        for parting in trackers.presence.part(group, [actor, user]) {
            let last_seen_at = reading.wall_time(parting.last_seen_at);
            self.publish_parting(Parting { last_seen_at, ..parting });
        }
    }

    /// Applies that the direct conversation of the actor with a user is open again.
    fn reunite(
        &self,
        trackers: &mut Trackers,
        actor: Option<UserId>,
        pair: &DirectPartner,
        reading: ClockReading,
    ) {
        let Some(actor) = actor else { return };
        for change in trackers.presence.reunite(pair.group, [actor, pair.user]) {
            self.publish_change(Some(change), reading);
        }
    }

    /// Who is shown in a group as online.
    pub(super) fn online_in(&self, group: GroupId) -> Vec<UserId> {
        locked(&self.trackers).presence.online_in(group)
    }

    /// The presence of those who are shown in these groups, but for one user.
    pub(super) fn presence_in(&self, groups: &[GroupId], except: UserId) -> Vec<EphemeralEvent> {
        let (trackers, reading) = (locked(&self.trackers), self.reading());
        let snapshot = trackers.presence.snapshot(groups, except);
        snapshot.into_iter().map(|ephemeral| reading.in_wall_time(ephemeral)).collect()
    }

    /// Broadcasts changes that only the passage of time causes.
    pub(super) fn tick(&self) {
        let (mut trackers, reading) = (locked(&self.trackers), self.reading());
        trackers.typing.tick(reading.steady);
        for change in trackers.presence.tick(reading.steady) {
            self.publish_change(Some(change), reading);
        }
    }

    fn reading(&self) -> ClockReading {
        ClockReading::of(&*self.clock)
    }

    fn publish_change(&self, change: Option<PresenceChange>, reading: ClockReading) {
        if let Some(change) = change {
            let last_seen_at = change.last_seen_at.map(|at| reading.wall_time(at));
            self.publish_presence(PresenceChange { last_seen_at, ..change });
        }
    }
}

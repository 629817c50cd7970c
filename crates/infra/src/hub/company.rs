//! Presence and typing as they are delivered to others. The rules are the domain's.

use std::sync::Arc;

use groupchat_domain::Error;
use groupchat_domain::accounts::PresenceSetting;
use groupchat_domain::events::{
    Event, GroupMember, LoggedEvent, Passing, PassingTo, RemovedMember, Shared, Viewer,
};
use groupchat_domain::groups::GroupRefusal;
use groupchat_domain::ids::GroupId;
use groupchat_domain::presence::{Activity, PresenceChange};

use super::core::Hub;
use super::listener::Listener;
use super::moment::Moment;
use super::registry::Registry;
use super::trackers::Device;
use super::wakes::Wakes;
use crate::executor::sync::locked;

impl Hub {
    /// Makes a listener a device of its user, and says who else is there; `None` for one who is not admitted, or has
    /// ended.
    pub(super) fn attend(&self, listener: &Listener) -> Option<(Device, Vec<Passing>)> {
        // No event changes the memberships in between: it is taken in under the second lock.
        let registry = locked(&self.registry);
        let viewer = listener.viewer()?;
        let mut company = locked(&self.company);
        drop(registry);
        let moment = self.moment();
        let arrival = company.attendance.connect(&viewer, moment.steady);
        self.tell(arrival.change, moment);
        let groups: Vec<_> = viewer.groups().collect();
        let here = company.attendance.here(&groups, viewer.user);
        let here = here.into_iter().map(|passing| moment.told(passing)).collect();
        Some((Device { user: viewer.user, id: arrival.device }, here))
    }

    /// The device is no longer connected.
    pub(super) fn depart(&self, device: Device) {
        let (mut company, moment) = (locked(&self.company), self.moment());
        self.tell(company.attendance.disconnect(device.user, device.id, moment.steady), moment);
    }

    /// The user of a listener, which may be a device, does something.
    pub(super) fn act(
        &self,
        listener: &Listener,
        device: Option<Device>,
        activity: Activity,
    ) -> Result<(), Error> {
        let mut company = locked(&self.company);
        let moment = self.moment();
        let (types, now) = (&mut company.typists, moment.steady);
        let is_here = match activity {
            Activity::Here => true,
            Activity::Gone => false,
            Activity::Types(group, who) => {
                self.type_in(listener, group, moment, |viewer| types.start(viewer, who, group, now))?;
                true
            }
            Activity::StopsTyping(group, who) => {
                self.type_in(listener, group, moment, |viewer| types.stop(viewer, who, group, now))?;
                true
            }
        };
        let Some(Device { user, id }) = device else { return Ok(()) };
        let attendance = &mut company.attendance;
        let change = if is_here { attendance.act(user, id, now) } else { attendance.leave(user, id, now) };
        self.tell(change, moment);
        Ok(())
    }

    /// Tells the other members of a group that somebody types, unless they hide.
    fn type_in(
        &self,
        listener: &Listener,
        group: GroupId,
        moment: Moment,
        rule: impl FnOnce(&Viewer) -> Result<Option<Passing>, Error>,
    ) -> Result<(), Error> {
        let ruled = listener.with_viewer(|viewer| (rule(viewer), viewer.user, viewer.presence));
        let Some((told, user, setting)) = ruled else { return Err(GroupRefusal::NotFound.into()) };
        if let Some(passing) = told?
            && setting == PresenceSetting::Shown
        {
            self.pass(PassingTo::Members(group, user), moment.told(passing));
        }
        Ok(())
    }

    /// Takes in what an event changes that is being handed out. Whoever comes into a group learns who is there.
    pub(super) fn take_in(&self, logged: &LoggedEvent, registry: &Registry, wakes: &mut Wakes) {
        let (mut company, moment) = (locked(&self.company), self.moment());
        company.typists.take_in(logged);
        let change = company.attendance.take_in(logged, moment.steady);
        self.tell(change, moment);
        if let Event::MemberRemoved(RemovedMember { group, user }) = &logged.event {
            self.inbox.withdraw_presence(*user, *group);
        }
        if let Event::MemberAdded(GroupMember { group, member }) = &logged.event
            && registry.is_listening(member.user.id)
        {
            let newcomer = member.user.id;
            for there in company.attendance.here(&[*group], newcomer) {
                let there = Arc::new(Shared::new(moment.told(there)));
                registry.pass(PassingTo::OwnDevices(newcomer), &there, &self.options, wakes);
            }
        }
    }

    /// Tells what time alone has changed.
    pub(super) fn tick(&self) {
        let (mut company, moment) = (locked(&self.company), self.moment());
        company.typists.tick(moment.steady);
        for change in company.attendance.tick(moment.steady) {
            self.tell(Some(change), moment);
        }
    }

    fn moment(&self) -> Moment {
        Moment::of(&*self.clock)
    }

    fn tell(&self, change: Option<PresenceChange>, moment: Moment) {
        if let Some(change) = change {
            let last_seen_at = change.last_seen_at.map(|at| moment.time(at));
            self.pass_presence(PresenceChange { last_seen_at, ..change });
        }
    }
}

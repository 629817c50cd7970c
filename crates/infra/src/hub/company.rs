//! Who is there and who types, as others are told of it. The rules are the domain's.

use std::sync::Arc;

use groupchat_domain::Error;
use groupchat_domain::accounts::PresenceSetting;
use groupchat_domain::events::{Activity, Event, LoggedEvent, Passing, PassingTo, Shared, Viewer};
use groupchat_domain::groups::GroupRefusal;
use groupchat_domain::ids::{GroupId, UserId};
use groupchat_domain::presence::{Attendance, DeviceId, PresenceChange, Typists};

use super::core::Hub;
use super::listener::Listener;
use super::registry::Registry;
use super::wakes::Wakes;
use crate::executor::sync::locked;

/// Who is there and who types. What changes goes to the inbox before this is unlocked, so that others are told in the
/// order in which it came about.
#[derive(Debug, Default)]
pub(super) struct Company {
    attendance: Attendance,
    typists: Typists,
}

/// A listener that counts as a device of its user.
#[derive(Debug, Clone, Copy)]
pub(super) struct Device {
    user: UserId,
    id: DeviceId,
}

impl Hub {
    /// Makes a listener a device of its user, and says who else is there; `None` for one who is not admitted, or has
    /// ended.
    pub(super) fn attend(&self, listener: &Listener) -> Option<(Device, Vec<Passing>)> {
        // No event changes the memberships in between: it is taken in under the second lock.
        let registry = locked(&self.registry);
        let viewer = listener.viewer()?;
        let mut company = locked(&self.company);
        drop(registry);
        let arrival = company.attendance.connect(&viewer, self.clock.now());
        self.tell(arrival.change);
        let groups: Vec<_> = viewer.groups().collect();
        let here = company.attendance.here(&groups, viewer.user);
        Some((Device { user: viewer.user, id: arrival.device }, here))
    }

    /// The device is no longer connected.
    pub(super) fn depart(&self, device: Device) {
        let mut company = locked(&self.company);
        self.tell(company.attendance.disconnect(device.user, device.id, self.clock.now()));
    }

    /// The user of a listener, which may be a device, does something.
    pub(super) fn act(
        &self,
        listener: &Listener,
        device: Option<Device>,
        activity: Activity,
    ) -> Result<(), Error> {
        let mut company = locked(&self.company);
        let (types, now) = (&mut company.typists, self.clock.now());
        let is_here = match activity {
            Activity::Here => true,
            Activity::Gone => false,
            Activity::Types(group, who) => {
                self.type_in(listener, group, |viewer| types.start(viewer, who, group, now))?;
                true
            }
            Activity::StopsTyping(group, who) => {
                self.type_in(listener, group, |viewer| types.stop(viewer, who, group, now))?;
                true
            }
        };
        let Some(Device { user, id }) = device else { return Ok(()) };
        let attendance = &mut company.attendance;
        let change = if is_here { attendance.act(user, id, now) } else { attendance.leave(user, id, now) };
        self.tell(change);
        Ok(())
    }

    /// Tells the other members of a group that somebody types, unless they hide.
    fn type_in(
        &self,
        listener: &Listener,
        group: GroupId,
        rule: impl FnOnce(&Viewer) -> Result<Option<Passing>, Error>,
    ) -> Result<(), Error> {
        let ruled = listener.with_viewer(|viewer| (rule(viewer), viewer.user, viewer.presence));
        let Some((told, user, setting)) = ruled else { return Err(GroupRefusal::NotFound.into()) };
        if let Some(passing) = told?
            && setting == PresenceSetting::Shown
        {
            self.pass(PassingTo::Members(group, user), passing);
        }
        Ok(())
    }

    /// Takes in what an event changes that is being handed out. Whoever comes into a group learns who is there.
    pub(super) fn take_in(&self, logged: &LoggedEvent, registry: &Registry, wakes: &mut Wakes) {
        let mut company = locked(&self.company);
        company.typists.take_in(logged);
        let change = company.attendance.take_in(logged, self.clock.now());
        self.tell(change);
        if let Event::MemberRemoved(group, user) = &logged.event {
            self.inbox.withdraw_presence(*user, *group);
        }
        if let Event::MemberAdded(group, member) = &logged.event
            && registry.is_listening(member.user.id)
        {
            let newcomer = member.user.id;
            for there in company.attendance.here(&[*group], newcomer) {
                let there = Arc::new(Shared::new(there));
                registry.pass(PassingTo::OwnDevices(newcomer), &there, &self.options, wakes);
            }
        }
    }

    /// Tells what time alone has changed.
    pub(super) fn tick(&self) {
        let mut company = locked(&self.company);
        let now = self.clock.now();
        company.typists.tick(now);
        for change in company.attendance.tick(now) {
            self.tell(Some(change));
        }
    }

    fn tell(&self, change: Option<PresenceChange>) {
        if let Some(change) = change {
            self.pass_presence(change);
        }
    }
}

impl Company {
    /// For when events have passed that were not taken in.
    pub(super) fn forget_all(&mut self) {
        self.attendance.forget_all();
        self.typists = Typists::default();
    }
}

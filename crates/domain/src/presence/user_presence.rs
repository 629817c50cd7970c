//! One user who is online or away: the user's devices, and the presence that results from them.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use crate::accounts::PresenceSetting;
use crate::ids::{GroupId, Version};
use crate::presence::Presence;
use crate::time::Timestamp;

/// How long a device may do nothing before nobody seems to be at it.
pub const AWAY_AFTER: Duration = Duration::from_secs(5 * 60);

/// How long a user is still there after their last connection has ended, so that whoever connects again in a moment
/// doesn't flicker.
pub const DISCONNECT_GRACE: Duration = Duration::from_secs(30);

/// How long others are left alone after they were told that a user is online, or away, before they are told the other:
/// a client that can't make up its mind is not to keep a thousand others busy.
pub const CHANGE_INTERVAL: Duration = Duration::from_secs(2);

/// A connection of a user. Never given twice by the same [`PresenceTracker`](super::PresenceTracker).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct DeviceId(u64);

impl DeviceId {
    /// The first one.
    pub(super) const FIRST: Self = Self(0);

    /// The one after this.
    pub(super) const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

#[derive(Debug, Clone, Copy)]
struct Device {
    active_at: Timestamp,
    /// Whether the client says that nobody is at it.
    is_left: bool,
}

/// A user with a connection, or who had one until a moment ago.
#[derive(Debug)]
pub(super) struct UserPresence {
    pub(super) setting: PresenceSetting,
    /// The version of the user that says so.
    version: Version,
    /// The groups that the user is in.
    pub(super) groups: HashSet<GroupId>,
    /// What others were notified of.
    pub(super) announced: Presence,
    /// When others were notified.
    pub(super) announced_at: Timestamp,
    /// When the user last did something at a device.
    pub(super) seen_at: Timestamp,
    devices: HashMap<DeviceId, Device>,
    /// When the last connection ended; `None` while there is one.
    left_at: Option<Timestamp>,
}

impl UserPresence {
    /// A user who has no connection yet, and of whom nobody was told.
    pub(super) fn new(now: Timestamp) -> Self {
        Self {
            setting: PresenceSetting::Hidden,
            version: Version::FIRST,
            groups: HashSet::new(),
            announced: Presence::Offline,
            announced_at: now,
            seen_at: now,
            devices: HashMap::new(),
            left_at: Some(now),
        }
    }

    /// Takes a setting over, unless it is older than what is known.
    pub(super) fn set(&mut self, setting: PresenceSetting, version: Version) {
        if version >= self.version {
            (self.setting, self.version) = (setting, version);
        }
    }

    pub(super) fn connect(&mut self, device: DeviceId, now: Timestamp) {
        self.devices.insert(device, Device { active_at: now, is_left: false });
        self.left_at = None;
        self.seen_at = now;
    }

    pub(super) fn disconnect(&mut self, device: DeviceId, now: Timestamp) {
        if self.devices.remove(&device).is_some() && self.devices.is_empty() {
            self.left_at = Some(now);
        }
    }

    pub(super) fn act(&mut self, device: DeviceId, now: Timestamp) {
        if let Some(device) = self.devices.get_mut(&device) {
            *device = Device { active_at: now, is_left: false };
            self.seen_at = now;
        }
    }

    /// The user does something that is not known to come from any device, such as a request over HTTP.
    pub(super) fn act_anywhere(&mut self, now: Timestamp) {
        for device in self.devices.values_mut().filter(|device| !device.is_left) {
            device.active_at = now;
            self.seen_at = now;
        }
    }

    pub(super) fn leave(&mut self, device: DeviceId) {
        if let Some(device) = self.devices.get_mut(&device) {
            device.is_left = true;
        }
    }

    /// Whether the user's last connection has ended too long ago.
    pub(super) fn is_gone(&self, now: Timestamp) -> bool {
        self.left_at.is_some_and(|left| now >= left.plus(DISCONNECT_GRACE))
    }

    /// Whether there is something to tell at this time.
    pub(super) fn is_due(&self, now: Timestamp) -> bool {
        self.visible(now) != self.announced && !self.is_settling(now)
    }

    /// Whether it is too soon to tell again how the user is there. That they are no longer there is told at once.
    pub(super) fn is_settling(&self, now: Timestamp) -> bool {
        // A clock that was set back must not keep anybody silent.
        let is_recent = (self.announced_at..self.announced_at.plus(CHANGE_INTERVAL)).contains(&now);
        is_recent && self.announced != Presence::Offline && self.visible(now) != Presence::Offline
    }

    /// What others may know at this time.
    pub(super) fn visible(&self, now: Timestamp) -> Presence {
        if self.setting == PresenceSetting::Hidden || self.is_gone(now) {
            return Presence::Offline;
        }
        if self.devices.is_empty() {
            // They may be back in a moment, and are as they were until then.
            return self.announced;
        }
        let is_used = |device: &Device| !device.is_left && now < device.active_at.plus(AWAY_AFTER);
        if self.devices.values().any(is_used) { Presence::Online } else { Presence::Away }
    }
}

//! One user who is online or away: the user's devices, and the presence that results from them.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use crate::accounts::PresenceSetting;
use crate::ids::{GroupId, Version};
use crate::presence::Presence;
use crate::time::Timestamp;

/// After this time without activity, a device counts as unused.
pub const AWAY_AFTER: Duration = Duration::from_secs(5 * 60);

/// How long a user stays present after their last connection has ended, so that a quick reconnect doesn't show as
/// offline.
pub const DISCONNECT_GRACE: Duration = Duration::from_secs(30);

/// The minimum time between announcements that a user is online or away: a client that keeps changing its mind must not
/// keep a thousand others busy.
pub const CHANGE_INTERVAL: Duration = Duration::from_secs(2);

/// Identifies a connection of a user. A [`PresenceTracker`](super::PresenceTracker) never reuses one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct DeviceId(u64);

impl DeviceId {
    /// The first id.
    pub(super) const FIRST: Self = Self(0);

    /// The id after this one.
    pub(super) const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

#[derive(Debug, Clone, Copy)]
struct Device {
    active_at: Timestamp,
    /// Whether the client reported that the user is away from it.
    is_left: bool,
}

/// A user who is connected, or was until a moment ago.
#[derive(Debug)]
pub(super) struct UserPresence {
    pub(super) setting: PresenceSetting,
    /// The version of the user that the setting comes from.
    version: Version,
    /// The groups that the user is in.
    pub(super) groups: HashSet<GroupId>,
    /// The presence that was last announced to others.
    pub(super) announced: Presence,
    /// When it was announced.
    pub(super) announced_at: Timestamp,
    /// When the user was last active on a device.
    pub(super) seen_at: Timestamp,
    devices: HashMap<DeviceId, Device>,
    /// When the last connection ended; `None` while there is one.
    left_at: Option<Timestamp>,
}

impl UserPresence {
    /// A user without connections, about whom nothing was announced.
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

    /// Applies a setting, unless a newer one is known.
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

    /// The user was active, but not on a known device: for example, by an HTTP request.
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

    /// Whether the last connection ended longer ago than the grace period.
    pub(super) fn is_gone(&self, now: Timestamp) -> bool {
        self.left_at.is_some_and(|left| now >= left.plus(DISCONNECT_GRACE))
    }

    /// Whether there is something to announce now.
    pub(super) fn is_due(&self, now: Timestamp) -> bool {
        self.visible(now) != self.announced && !self.is_settling(now)
    }

    /// Whether it is too soon for another announcement. Going offline is always announced at once.
    pub(super) fn is_settling(&self, now: Timestamp) -> bool {
        // The clock may have been set back, which must not suppress announcements.
        let is_recent = (self.announced_at..self.announced_at.plus(CHANGE_INTERVAL)).contains(&now);
        is_recent && self.announced != Presence::Offline && self.visible(now) != Presence::Offline
    }

    /// What others may see now.
    pub(super) fn visible(&self, now: Timestamp) -> Presence {
        if self.setting == PresenceSetting::Hidden || self.is_gone(now) {
            return Presence::Offline;
        }
        if self.devices.is_empty() {
            // The user may reconnect in a moment, and stays as announced until then.
            return self.announced;
        }
        let is_used = |device: &Device| !device.is_left && now < device.active_at.plus(AWAY_AFTER);
        if self.devices.values().any(is_used) { Presence::Online } else { Presence::Away }
    }
}

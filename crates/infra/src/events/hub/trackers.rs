//! The hub's state of presence and typing.

use groupchat_domain::ids::UserId;
use groupchat_domain::presence::{DeviceId, PresenceTracker, TypingTracker};

/// The trackers of presence and typing. A change is queued before the lock is released, so that changes are broadcast
/// in the order in which they happened.
#[derive(Debug, Default)]
pub(super) struct Trackers {
    pub(super) presence: PresenceTracker,
    pub(super) typing: TypingTracker,
}

/// A listener that counts as a device of its user.
#[derive(Debug, Clone, Copy)]
pub(super) struct ConnectedDevice {
    pub(super) user: UserId,
    pub(super) id: DeviceId,
}

impl Trackers {
    /// Forgets everything, because events were skipped that would have changed it.
    pub(super) fn forget_all(&mut self) {
        self.presence.forget_all();
        self.typing = TypingTracker::default();
    }
}

//! What the hub keeps of who is there and who types.

use groupchat_domain::ids::UserId;
use groupchat_domain::presence::{Attendance, DeviceId, Typists};

/// Who is there and who types. What changes goes to the inbox before this is unlocked, so that others are told in the
/// order in which it came about.
#[derive(Debug, Default)]
pub(super) struct Company {
    pub(super) attendance: Attendance,
    pub(super) typists: Typists,
}

/// A listener that counts as a device of its user.
#[derive(Debug, Clone, Copy)]
pub(super) struct Device {
    pub(super) user: UserId,
    pub(super) id: DeviceId,
}

impl Company {
    /// For when events have passed that were not taken in.
    pub(super) fn forget_all(&mut self) {
        self.attendance.forget_all();
        self.typists = Typists::default();
    }
}

//! The presence of users, and what they do.

use crate::accounts::UserRef;
use crate::ids::GroupId;

/// The presence of a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// Active on a device.
    Online,
    /// Connected, but not active on any device for a while.
    Away,
    /// Not connected.
    Offline,
}

/// What a listener's user does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Activity {
    /// An action that shows that the user is active on the device.
    Active,
    /// The device becomes inactive.
    Away,
    /// Types in a group. Others see who is typing.
    StartTyping(GroupId, UserRef),
    /// No longer types in a group.
    StopTyping(GroupId, UserRef),
}

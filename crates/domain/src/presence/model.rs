//! How users are there, and what they do.

use crate::accounts::UserRef;
use crate::ids::GroupId;

/// How a user is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// At a device just now.
    Online,
    /// Connected, but at no device for a while.
    Away,
    /// Not connected.
    Offline,
}

/// What a listener's user does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Activity {
    /// Something that only somebody at the device does.
    Here,
    /// Turns away from the device.
    Gone,
    /// Types in a group. Others are told who this is.
    Types(GroupId, UserRef),
    /// No longer types in a group.
    StopsTyping(GroupId, UserRef),
}

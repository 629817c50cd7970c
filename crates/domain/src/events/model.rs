//! Events as the log contains them.

use crate::events::audience::Audience;
use crate::events::table::Event;
use crate::ids::{EventId, Position, UserId};
use crate::time::Timestamp;

/// An event in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoggedEvent {
    /// Its position in the log: one more than that of the previous event.
    pub position: Position,
    /// Its id, which is compared with the start of a membership: a member sees the group's events from
    /// [`since_event`](crate::groups::NewMembership::since_event) on.
    pub id: EventId,
    /// When it happened.
    pub at: Timestamp,
    /// Who may see it: the event's [`audience`](Event::audience) when it was emitted.
    pub audience: Audience,
    /// The user who caused it. `None` for the server itself.
    pub actor: Option<UserId>,
    /// What happened.
    pub event: Event,
}

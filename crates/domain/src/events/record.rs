//! An event as the log stores it.

use crate::events::audience::Audience;
use crate::events::subject::SubjectIds;
use crate::events::table::EventType;
use crate::ids::{EventId, Position, UserId};
use crate::time::Timestamp;

/// A numbered row of the log. It names what the event is about and holds nothing of it, so that what is deleted
/// does not live on there; [`load`](crate::events::load()) turns it back into an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventRecord {
    /// Its place in the log.
    pub position: Position,
    /// The event's id.
    pub id: EventId,
    /// When it happened.
    pub at: Timestamp,
    /// Who did it; `None` for the server itself.
    pub actor: Option<UserId>,
    /// Who may see it.
    pub audience: Audience,
    /// What happened.
    pub event_type: EventType,
    /// What the event names of what it is about.
    pub subject: SubjectIds,
}

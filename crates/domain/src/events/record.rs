//! An event as the log stores it.

use crate::events::about::SubjectIds;
use crate::events::audience::Audience;
use crate::events::table::EventType;
use crate::ids::{EventId, GroupId, Position, UserId};
use crate::time::Timestamp;

/// A row of the log that has a position. It contains only the ids of its subject, so that deleted data doesn't stay in
/// the log. [`load`](crate::events::load()) turns it back into an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventRecord {
    /// Its position in the log.
    pub position: Position,
    /// The event's id.
    pub id: EventId,
    /// When it happened.
    pub at: Timestamp,
    /// The user who caused it. `None` for the server itself.
    pub actor: Option<UserId>,
    /// Who may see it.
    pub audience: Audience,
    /// What happened.
    pub event_type: EventType,
    /// The ids of its subject.
    pub subject: SubjectIds,
}

impl EventRecord {
    /// The private group whose deletion this is.
    pub fn ended_group(&self) -> Option<GroupId> {
        match self.audience {
            Audience::Group(group) if self.event_type == EventType::GroupDeleted => Some(group),
            _ => None,
        }
    }
}

//! An event as the log stores it.

use crate::events::event_type::EventType;
use crate::events::model::Audience;
use crate::ids::{EventId, GroupId, MessageId, Position, SessionId, UserId};
use crate::time::Timestamp;

/// A numbered row of the log. It names what the event is about and holds nothing of it, so that what is deleted
/// does not live on there; [`load`](crate::events::load) turns it back into an event.
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
    /// The group that the event names.
    pub group: Option<GroupId>,
    /// The user that it names.
    pub user: Option<UserId>,
    /// The message that it names.
    pub message: Option<MessageId>,
    /// The session that it names.
    pub session: Option<SessionId>,
}

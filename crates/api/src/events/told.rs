//! What a listener delivers, whatever the transport.

use std::sync::Arc;

use groupchat_domain::events::End;

use super::room::PageRoom;

/// What a listener is told.
#[derive(Debug, Clone)]
pub(super) enum Told {
    /// An event, as JSON on one line, and the room of the page of the past that it is of.
    Event(Arc<str>, Option<Arc<PageRoom>>),
    /// The end.
    End(End),
}

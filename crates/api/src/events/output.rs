//! What a listener delivers, whatever the transport.

use std::sync::Arc;

use groupchat_domain::events::EndReason;

use super::send_buffer::PagePermit;

/// What a listener sends.
#[derive(Debug, Clone)]
pub(super) enum Output {
    /// An event, as JSON on one line, and the room of the page of the past that it is of.
    Event(Arc<str>, Option<Arc<PagePermit>>),
    /// The end.
    End(EndReason),
}

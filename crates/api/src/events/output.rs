//! What a subscriber's transport sends.

use std::sync::Arc;

use groupchat_domain::events::EndReason;

use super::send_buffer::PagePermit;

/// Something to send.
#[derive(Debug, Clone)]
pub(super) enum Output {
    /// An event as JSON on one line, and the permit of the backlog page that it belongs to.
    Event(Arc<str>, Option<Arc<PagePermit>>),
    /// The end.
    End(EndReason),
}

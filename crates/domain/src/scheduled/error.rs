//! Rejections about messages that are sent later.

use crate::scheduled::model::MAX_SCHEDULED;

/// Why a use case of scheduled messages rejected a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ScheduledRefusal {
    /// No such message waits: it never did, was sent, or was dropped.
    #[error("there is no such scheduled message; it may have been sent")]
    NotFound,
    /// The user has as many scheduled messages as they may.
    #[error("you may have at most {MAX_SCHEDULED} scheduled messages")]
    TooMany,
}

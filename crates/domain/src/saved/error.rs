//! Rejections about what users keep for themselves.

use crate::ids::Version;
use crate::saved::bookmark::MAX_BOOKMARKS;
use crate::saved::draft::MAX_DRAFTS;
use crate::saved::reminder::MAX_REMINDERS;

/// Why a use case of drafts, bookmarks and reminders rejected a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SavedRefusal {
    /// The user has no draft there.
    #[error("you have no draft there")]
    DraftNotFound,
    /// The draft has changed since the caller saw it.
    #[error("the draft has changed; its version is {current} now")]
    DraftConflict {
        /// The version that it has.
        current: Version,
    },
    /// The user has as many drafts as they may.
    #[error("you may have at most {MAX_DRAFTS} drafts")]
    TooManyDrafts,
    /// The user has as many bookmarks as they may.
    #[error("you may have at most {MAX_BOOKMARKS} bookmarks")]
    TooManyBookmarks,
    /// The user has as many reminders as they may.
    #[error("you may have at most {MAX_REMINDERS} reminders")]
    TooManyReminders,
}

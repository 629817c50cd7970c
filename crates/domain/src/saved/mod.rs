//! What users keep for themselves: drafts, bookmarks and reminders. Nobody else is told of it.

mod bookmark;
mod bookmark_repository;
mod bookmarks;
mod draft;
mod draft_repository;
mod drafts;
mod error;
mod reminder;
mod reminder_repository;
mod reminders;

pub use bookmark::{Bookmark, BookmarkNote, BookmarkPlace, MAX_BOOKMARKS, OwnBookmark};
#[cfg(test)]
pub(crate) use bookmark_repository::MockBookmarkRepository;
pub use bookmark_repository::{BookmarkQuery, BookmarkRepository};
pub use bookmarks::{BookmarkPage, BookmarkView, list_bookmarks, put_bookmark, remove_bookmark};
pub use draft::{Draft, DraftOutline, DraftPlace, DraftText, MAX_DRAFTS};
pub use draft_repository::DraftRepository;
#[cfg(test)]
pub(crate) use draft_repository::MockDraftRepository;
pub use drafts::{find_draft, put_draft, remove_draft};
pub use error::SavedRefusal;
pub use reminder::{MAX_REMINDERS, OwnReminder, Reminder};
#[cfg(test)]
pub(crate) use reminder_repository::MockReminderRepository;
pub use reminder_repository::ReminderRepository;
pub(crate) use reminders::remind;
pub use reminders::{ReminderView, list_reminders, put_reminder, remove_reminder};

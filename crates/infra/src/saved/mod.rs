//! What users keep for themselves: drafts, bookmarks and reminders.

mod bookmarks;
pub(crate) mod drafts;
mod reminders;

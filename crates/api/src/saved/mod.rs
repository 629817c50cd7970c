//! What users keep for themselves: drafts, bookmarks and reminders.

mod bookmark_handlers;
mod draft_handlers;
mod dto;
mod reminder_handlers;
mod requests;
mod routes;
mod values;

pub(crate) use dto::{BookmarkUpdateDto, DraftUpdateDto, GroupRefDto, MessageRefDto, ReminderUpdateDto};
#[cfg(any(test, fuzzing))]
pub(crate) use requests::{bodies, queries};
pub(crate) use routes::FEATURE;

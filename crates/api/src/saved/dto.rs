//! Response bodies for drafts and bookmarks, and what events say of them.

use groupchat_domain::events::{BookmarkUpdate, DraftUpdate, ReminderUpdate};
use groupchat_domain::ids::{GroupId, MessageId, Version};
use groupchat_domain::saved::{
    Bookmark, BookmarkNote, BookmarkView, Draft, DraftText, Reminder, ReminderView,
};
use groupchat_domain::text::TextBytes;
use paperclip::actix::Apiv2Schema;
use serde::Serialize;

use crate::messages::{Formatted, MessageDto, MessageFormat};
use crate::wire::{Field, Time};

/// What you have typed and not sent.
#[derive(Debug, Serialize, Apiv2Schema)]
#[openapi(rename = "Draft")]
pub(super) struct DraftDto {
    /// The group that it is for.
    pub group_id: Field<GroupId>,
    /// The message that it replies to, if it is for the thread under one.
    pub thread_id: Option<Field<MessageId>>,
    /// The text.
    pub text: Field<DraftText>,
    /// Increases with every change, also over a removal.
    pub version: Field<Version>,
    /// When it was last changed.
    pub updated_at: Time,
}

impl From<Draft> for DraftDto {
    fn from(Draft { place, text, version, updated_at }: Draft) -> Self {
        Self {
            group_id: place.group.into(),
            thread_id: place.thread.map(Field),
            text: Field(text),
            version: version.into(),
            updated_at: updated_at.into(),
        }
    }
}

/// The draft that you have for the event's group, or for a thread in it, now.
#[derive(Debug, Serialize, Apiv2Schema)]
#[openapi(rename = "DraftUpdate")]
pub(crate) struct DraftUpdateDto {
    /// The message that it replies to, if it is for the thread under one.
    pub thread_id: Option<Field<MessageId>>,
    /// The text; null if there is no draft any more.
    pub text: Option<Field<DraftText>>,
    /// Its version; null if there is no draft any more.
    pub version: Option<Field<Version>>,
    /// When it was last changed; null if there is no draft any more.
    pub updated_at: Option<Time>,
}

impl From<DraftUpdate> for DraftUpdateDto {
    fn from(DraftUpdate { place, draft }: DraftUpdate) -> Self {
        let (version, updated_at) =
            (draft.as_ref().map(|draft| draft.version), draft.as_ref().map(|draft| draft.updated_at));
        Self {
            thread_id: place.thread.map(Field),
            text: draft.map(|draft| Field(draft.text)),
            version: version.map(Field),
            updated_at: updated_at.map(Time::from),
        }
    }
}

/// A message that you have bookmarked.
#[derive(Debug, Serialize, Apiv2Schema)]
#[openapi(rename = "Bookmark")]
pub(super) struct BookmarkDto {
    /// The message as you see it now, or its tombstone.
    pub message: MessageDto,
    /// Your note.
    pub note: Option<Field<BookmarkNote>>,
    /// When you bookmarked it.
    pub created_at: Time,
}

/// A bookmark, with its message as a reader asked for it.
#[derive(Debug)]
pub(super) struct ShownBookmark {
    bookmark: Bookmark,
    message: Formatted,
}

impl ShownBookmark {
    pub(super) fn of(BookmarkView { bookmark, view }: BookmarkView, format: MessageFormat) -> Self {
        Self { bookmark, message: format.of(view) }
    }
}

impl TextBytes for ShownBookmark {
    fn text_bytes(&self) -> usize {
        self.bookmark.text_bytes() + self.message.text_bytes()
    }
}

impl From<ShownBookmark> for BookmarkDto {
    fn from(ShownBookmark { bookmark, message }: ShownBookmark) -> Self {
        let (note, created_at) = (bookmark.note.map(Field), bookmark.created_at.into());
        Self { message: message.into(), note, created_at }
    }
}

/// The bookmark that you have on a message now.
#[derive(Debug, Serialize, Apiv2Schema)]
#[openapi(rename = "BookmarkUpdate")]
pub(crate) struct BookmarkUpdateDto {
    /// The message.
    pub message_id: Field<MessageId>,
    /// Your note; null if there is none.
    pub note: Option<Field<BookmarkNote>>,
    /// When you bookmarked it; null if it is not bookmarked any more.
    pub created_at: Option<Time>,
}

impl From<BookmarkUpdate> for BookmarkUpdateDto {
    fn from(BookmarkUpdate { message, bookmark, .. }: BookmarkUpdate) -> Self {
        let created_at = bookmark.as_ref().map(|bookmark| bookmark.created_at.into());
        let note = bookmark.and_then(|bookmark| bookmark.note).map(Field);
        Self { message_id: message.into(), note, created_at }
    }
}

/// That you want to be reminded of a message.
#[derive(Debug, Serialize, Apiv2Schema)]
#[openapi(rename = "Reminder")]
pub(super) struct ReminderDto {
    /// The message's id.
    pub message_id: Field<MessageId>,
    /// When.
    pub at: Time,
    /// Whether you were reminded.
    pub due: Field<bool>,
    /// When you asked for it.
    pub created_at: Time,
    /// The message as you see it now, or its tombstone; null if you can't read it now.
    pub message: Option<MessageDto>,
}

/// A reminder, with its message as a reader asked for it.
#[derive(Debug)]
pub(super) struct ShownReminder {
    pub reminder: Reminder,
    message: Option<Formatted>,
}

impl ShownReminder {
    pub(super) fn of(ReminderView { reminder, view }: ReminderView, format: MessageFormat) -> Self {
        Self { reminder, message: view.map(|view| format.of(view)) }
    }
}

impl TextBytes for ShownReminder {
    fn text_bytes(&self) -> usize {
        self.message.text_bytes()
    }
}

impl From<ShownReminder> for ReminderDto {
    fn from(ShownReminder { reminder, message }: ShownReminder) -> Self {
        Self {
            message_id: reminder.message.into(),
            at: reminder.at.into(),
            due: reminder.is_due.into(),
            created_at: reminder.created_at.into(),
            message: message.map(MessageDto::from),
        }
    }
}

/// The reminder that you have of a message now.
#[derive(Debug, Serialize, Apiv2Schema)]
#[openapi(rename = "ReminderUpdate")]
pub(crate) struct ReminderUpdateDto {
    /// The message.
    pub message_id: Field<MessageId>,
    /// When; null if there is no reminder any more.
    pub at: Option<Time>,
    /// Whether you were reminded; null if there is no reminder any more.
    pub due: Option<Field<bool>>,
}

impl From<ReminderUpdate> for ReminderUpdateDto {
    fn from(ReminderUpdate { message, reminder, .. }: ReminderUpdate) -> Self {
        let (at, due) = (reminder.map(|reminder| reminder.at), reminder.map(|reminder| reminder.is_due));
        Self { message_id: message.into(), at: at.map(Time::from), due: due.map(Field) }
    }
}

/// A message, only by its id.
#[derive(Debug, Serialize, Apiv2Schema)]
#[openapi(rename = "MessageRef")]
pub(crate) struct MessageRefDto {
    /// The message.
    pub message_id: Field<MessageId>,
}

/// A group, only by its id.
#[derive(Debug, Serialize, Apiv2Schema)]
#[openapi(rename = "GroupRef")]
pub(crate) struct GroupRefDto {
    /// The group.
    pub group_id: Field<GroupId>,
}

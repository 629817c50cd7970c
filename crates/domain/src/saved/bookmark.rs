//! Bookmarks.

use crate::ids::{GroupId, MessageId, Seq, UserId, integer_newtype};
use crate::text::{TextBytes, check_visible, multi_line, text_newtype};
use crate::time::Timestamp;
use crate::validation::Violation;

/// The most bookmarks that a user may have.
pub const MAX_BOOKMARKS: i64 = 10_000;

/// What a user notes about a bookmark: 1–500 characters, one of them visible.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BookmarkNote(String);
text_newtype!(BookmarkNote);

impl BookmarkNote {
    /// The most characters a note may have.
    pub const MAX_LENGTH: usize = 500;

    /// Normalizes and checks a note.
    ///
    /// # Errors
    /// The rule that it breaks.
    pub fn parse(text: &str) -> Result<Self, Violation> {
        let text = multi_line(text, 1, Self::MAX_LENGTH)?;
        check_visible(&text)?;
        Ok(Self(text))
    }
}

integer_newtype! {
    /// A bookmark's number among those of its user, by which they are in order: greater than those of the bookmarks before it.
    BookmarkPlace;
}

/// A message that a user wants to find again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bookmark {
    /// Whose it is.
    pub user: UserId,
    /// The message.
    pub message: MessageId,
    /// What the user notes about it.
    pub note: Option<BookmarkNote>,
    /// When it was made.
    pub created_at: Timestamp,
}

/// A bookmark as the list of them needs it to decide whether it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnBookmark {
    /// The bookmark.
    pub bookmark: Bookmark,
    /// Its place in the list.
    pub place: BookmarkPlace,
    /// The group of the message.
    pub group: GroupId,
    /// The number in the group that decides who reads the message.
    pub history_seq: Seq,
}

impl TextBytes for Bookmark {
    fn text_bytes(&self) -> usize {
        self.note.text_bytes()
    }
}

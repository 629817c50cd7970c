//! Drafts.

use std::fmt;

use crate::ids::{GroupId, MessageId, UserId, Version};
use crate::messages::Excerpt;
use crate::text::{TextBytes, multi_line, text_newtype};
use crate::time::Timestamp;
use crate::validation::Violation;

/// The most drafts that a user may have.
pub const MAX_DRAFTS: i64 = 500;

/// What somebody has typed and not sent: 1–10,000 characters, whichever. Shown by no `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct DraftText(String);
text_newtype!(DraftText);

impl fmt::Debug for DraftText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DraftText(…)")
    }
}

impl DraftText {
    /// The most characters a draft may have: as many as a message.
    pub const MAX_LENGTH: usize = 10_000;

    /// Normalizes and checks a text.
    ///
    /// # Errors
    /// The rule that it breaks.
    pub fn parse(text: &str) -> Result<Self, Violation> {
        multi_line(text, 1, Self::MAX_LENGTH).map(Self)
    }
}

/// What a draft is for. A user has one there at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DraftPlace {
    /// Whose it is.
    pub user: UserId,
    /// The group that it is to be sent to.
    pub group: GroupId,
    /// The root of the thread that it is to be sent to; `None` for the group itself.
    pub thread: Option<MessageId>,
}

/// A draft without most of its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DraftOutline {
    /// What it is for.
    pub place: DraftPlace,
    /// The beginning of its text.
    pub beginning: Excerpt,
    /// The version of the draft.
    pub version: Version,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

impl TextBytes for DraftOutline {
    fn text_bytes(&self) -> usize {
        self.beginning.text_bytes()
    }
}

/// What somebody has typed and not sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// What it is for.
    pub place: DraftPlace,
    /// The text.
    pub text: DraftText,
    /// Goes up with each change, and where a draft follows a removed one, as far as the clock goes forward.
    pub version: Version,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

impl TextBytes for Draft {
    fn text_bytes(&self) -> usize {
        self.text.text_bytes()
    }
}

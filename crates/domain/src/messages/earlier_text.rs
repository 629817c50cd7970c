//! What a message said before it was edited.

use crate::ids::Version;
use crate::messages::model::{Message, MessageText};
use crate::text::TextBytes;
use crate::time::Timestamp;

/// The most earlier texts that are kept of a message: what a deletion removes at once.
pub const MAX_EARLIER_TEXTS: i64 = 100;

/// A text that a message had before an edit replaced it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EarlierText {
    /// The last version of the message that had it.
    pub version: Version,
    /// The text.
    pub text: MessageText,
    /// When the message was sent with it, or edited to it.
    pub written_at: Timestamp,
}

impl EarlierText {
    /// The text that a message has before it is edited; `None` of a tombstone.
    pub(super) fn of(message: &Message) -> Option<Self> {
        let text = message.text.clone()?;
        let written_at = message.edited_at.unwrap_or(message.created_at);
        Some(Self { version: message.version, text, written_at })
    }
}

impl TextBytes for EarlierText {
    fn text_bytes(&self) -> usize {
        self.text.text_bytes()
    }
}

//! Rejections about messages.

use crate::ids::Version;
use crate::messages::marks::MAX_MENTIONED;
use crate::messages::model::MAX_PINS;
use crate::messages::reactions::MAX_REACTIONS;
use crate::time::Timestamp;

/// Why a use case of messages rejected a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MessageRefusal {
    /// No such message in this group.
    #[error("there is no such message in this group")]
    NotFound,
    /// The message is deleted; nothing but its tombstone is left.
    #[error("the message has been deleted")]
    Deleted,
    /// Only the author may do this.
    #[error("only the author of the message may do this")]
    NotAuthor,
    /// The message was sent too long ago for its author to do this.
    #[error("the time in which the author of a message may do this is over")]
    TooLate {
        /// When the time was over.
        until: Timestamp,
    },
    /// The message has changed since the caller saw it.
    #[error("the message has changed; its version is {current} now")]
    VersionConflict {
        /// The version that it has.
        current: Version,
    },
    /// The message is a reply, and threads have one level.
    #[error("the message is a reply itself: reply to the root of its thread")]
    NotRoot,
    /// Nobody has replied to the message, so it has no thread.
    #[error("nobody has replied to the message")]
    NoThread,
    /// The group has as many pins as it may.
    #[error("there may be at most {MAX_PINS} pinned messages in a group")]
    TooManyPins,
    /// The message has as many different reactions as it may.
    #[error("there may be at most {MAX_REACTIONS} different reactions to a message")]
    TooManyReactions,
    /// The text mentions more users than it may.
    #[error("a message may mention at most {MAX_MENTIONED} users by name")]
    TooManyMentions,
}

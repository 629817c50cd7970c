//! The order of messages by the time when they were sent.

use crate::groups::SeqSpan;
use crate::ids::{GroupId, Seq, UserId};
use crate::messages::model::{InThread, Message};
use crate::paging::Limit;
use crate::time::Timestamp;

/// A place in the order by time: that of the messages sent then with this number, or that between two messages. Numbers
/// follow the order in which messages came in, and decide between messages of the same time. The two orders differ where
/// a clock was set, and where messages were imported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct TimePlace {
    /// The time.
    pub at: Timestamp,
    /// The number.
    pub seq: Seq,
}

impl TimePlace {
    /// Before all messages.
    pub const START: Self = Self { at: Timestamp::from_micros(i64::MIN), seq: Seq::ZERO };
    /// After all messages.
    pub const END: Self = Self { at: Timestamp::from_micros(i64::MAX), seq: Seq::new(i64::MAX) };

    /// The place of a message.
    pub(super) const fn of(message: &Message) -> Self {
        Self { at: message.created_at, seq: message.seq }
    }

    /// The place before all messages of this time.
    pub(super) const fn before_all_at(at: Timestamp) -> Self {
        Self { at, seq: Seq::ZERO }
    }

    /// The place right after this one.
    #[must_use]
    pub(super) const fn next(self) -> Self {
        Self { seq: self.seq.next(), ..self }
    }
}

/// A run of messages in the order by time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeRange {
    /// The latest before this place, in descending order.
    Below(TimePlace),
    /// The earliest after this place, in ascending order.
    Above(TimePlace),
}

/// Which messages to read, in the order by time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeQuery {
    /// The group.
    pub group: GroupId,
    /// The thread whose replies to read; `None` for the messages of the group itself.
    pub thread: Option<InThread>,
    /// The user who reads.
    pub viewer: UserId,
    /// Only messages of this author.
    pub author: Option<UserId>,
    /// Only messages after this place.
    pub after: TimePlace,
    /// Only messages before this one.
    pub before: TimePlace,
    /// Whether the earliest come first, or else the latest.
    pub ascending: bool,
    /// Only messages above this number: those that the viewer may read.
    pub above: Seq,
    /// None of these messages, which are about to be removed.
    pub hidden: Option<SeqSpan>,
    /// The number of rows. The repository reads one more to find out whether the run continues.
    pub limit: Limit,
}

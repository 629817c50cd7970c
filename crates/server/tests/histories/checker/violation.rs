//! What can be wrong with a history.

use std::fmt;

use crate::history::{Entry, Message};

/// A promise that was broken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Violation {
    /// A message was acknowledged, or shown to a client, and is not there, or has another id, group or number.
    Lost(Message),
    /// A `client_id` is there more than once.
    Doubled { client_id: String },
    /// A message is there although every request to send it failed.
    FailedButStored { client_id: String },
    /// A message is there that nobody sent.
    NeverSent { client_id: String },
    /// The numbers of a group are not 1, 2, 3, …
    NumberGap { group: i64, expected: i64, found: i64 },
    /// A message has a lower number than one that was known before the first request for it.
    NumberOrder { first: Message, second: Message },
    /// Two states of one version.
    TwoStates { one: Message, other: Message },
    /// A client was shown a state that is newer than the last one.
    Undone { seen: Message, last: Message },
    /// An acknowledged deletion, and the message still has its text.
    NotDeleted { message: i64 },
    /// A message has a text that nobody gave it, or that was rejected.
    ForeignText(Message),
    /// A message is deleted, and nobody deleted it.
    NeverDeleted { message: i64 },
    /// A count of likes that does not follow from the requests.
    Likes { message: i64, least: i64, most: i64, found: i64 },
    /// The servers show different states or logs at the end.
    ViewsDiffer { server: usize },
    /// The positions of the log go back.
    LogOrder { before: i64, position: i64 },
    /// The log has other events about a message than its state demands.
    LogDisagrees { message: i64, versions: i64, events: i64 },
    /// The events of a group are not in the order of the numbers.
    LogNumberOrder { group: i64, expected: i64, found: i64 },
    /// A message is before another in the log that was known before the first request for it.
    LogTimeOrder { first: Message, second: Message },
    /// A read, a retry or a change was answered with an older state than the client could already know.
    Stale { client: usize, server: usize, invoked: u64, message: i64, known: i64, shown: Option<i64> },
    /// A page lacks a message between two others, or has them in another order than newest first.
    PageGap { client: usize, invoked: u64, group: i64, after: i64, found: i64 },
    /// A client did not get an event that it may see, before one that comes later in the log.
    Skipped { client: usize, entry: Entry },
    /// A client got an event twice, or too late.
    Repeated { client: usize, position: i64 },
    /// A client got an event that the log does not have.
    Untrue { client: usize, position: i64 },
    /// A client got an event of a group that it is not in.
    Forbidden { client: usize, position: i64 },
    /// A cursor went back, or an event came before the client had any.
    CursorBack { client: usize, before: Option<i64>, position: i64 },
    /// A client resumed from another cursor than its last: the test itself is wrong.
    WrongCursor { client: usize, last: Option<i64>, used: Option<i64> },
    /// An event shows an older state than the one right after it.
    StaleEvent { client: usize, position: i64, version: i64, shown: i64 },
    /// A client did not get to the end of the log.
    NotCaughtUp { client: usize, position: Option<i64>, end: i64 },
    /// A client was told a gap, and did not reload the group.
    NotReloaded { client: usize, position: i64, group: i64 },
    /// A client was told a gap although its cursor is not older than the log.
    FalseGap { client: usize, position: i64 },
    /// A response that servers never give for such a request.
    WrongResponse { client: usize, invoked: u64, status: u16, code: String },
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

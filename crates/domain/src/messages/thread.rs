//! Threads: the replies to a message of a group.

use crate::accounts::UserRef;
use crate::ids::{GroupId, MessageId, Seq, Version};
use crate::messages::read_state::ReadState;
use crate::text::TextBytes;
use crate::time::Timestamp;

/// The most participants that are shown of a thread.
pub const MAX_PARTICIPANTS: usize = 5;

/// The most threads that a user follows. One more ends the following of the one that they have looked at least
/// recently, so that [`list_threads`](crate::messages::list_threads) never reads more.
pub const MAX_FOLLOWED: i64 = 1_000;

/// The thread under a message. It exists from the first reply on, also after all replies are deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Thread {
    /// The message that was replied to.
    pub root: MessageId,
    /// Its number in the group.
    pub root_seq: Seq,
    /// The group.
    pub group: GroupId,
    /// How many replies are not deleted.
    pub reply_count: i64,
    /// The number of the newest reply, deleted or not: it never goes back.
    pub last_seq: Seq,
    /// The newest reply, deleted or not. Threads are in order by it, since a clock may be set back.
    pub last_reply: MessageId,
    /// When that was sent.
    pub last_reply_at: Timestamp,
    /// The first [`MAX_PARTICIPANTS`] who replied, also where their replies are deleted since.
    pub participants: Vec<UserRef>,
}

impl TextBytes for Thread {
    fn text_bytes(&self) -> usize {
        self.participants.iter().map(TextBytes::text_bytes).sum()
    }
}

/// How somebody stands in a thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ThreadStanding {
    /// Whether they want to know of new replies.
    pub following: bool,
    /// Replies up to this number are read.
    pub read_seq: Seq,
    /// Increases when replies are marked as unread, as in [`ReadState`].
    pub read_version: Version,
}

impl ThreadStanding {
    /// Of who has neither read nor followed it.
    pub const NONE: Self = Self { following: false, read_seq: Seq::ZERO, read_version: Version::FIRST };
}

/// A thread as somebody sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ThreadView {
    /// The thread.
    pub thread: Thread,
    /// How the one who looks stands in it.
    pub standing: ThreadStanding,
    /// How many replies that they have not read mention them, as in [`ReadState`].
    pub unread_mentions: i64,
}

impl ThreadView {
    /// How far it is read. Deleted replies count as in a group.
    pub const fn read_state(&self) -> ReadState {
        let state = ReadState::of(self.standing.read_seq, self.thread.last_seq, self.standing.read_version);
        state.mentioning(self.unread_mentions)
    }
}

impl TextBytes for ThreadView {
    fn text_bytes(&self) -> usize {
        self.thread.text_bytes()
    }
}

/// A thread that somebody follows, as the list of them needs it to decide whether they may read it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FollowedThread {
    /// The message that was replied to.
    pub root: MessageId,
    /// Its number in the group.
    pub root_seq: Seq,
    /// The group.
    pub group: GroupId,
    /// The newest reply.
    pub last_reply: MessageId,
}

/// What somebody's reply changes of how they stand in the thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Participation {
    /// The number of the reply, up to which they have read.
    pub read_seq: Seq,
    /// The reply.
    pub reply: MessageId,
    /// The place among the participants that are shown; `None` where they have one already, or none is left.
    pub place: Option<i64>,
}

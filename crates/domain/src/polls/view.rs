//! A poll as somebody sees it.

use std::fmt;

use crate::ids::{GroupId, MessageId, Seq, UserId};
use crate::polls::model::Poll;
use crate::polls::options::Choices;
use crate::text::TextBytes;

/// What a ballot is stored under.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum BallotId {
    /// In an open poll: whose it is.
    Open(UserId),
    /// In an anonymous one: what follows from the key of the poll and the user, and leads back to the user only with that key.
    Secret([u8; 32]),
}

impl fmt::Debug for BallotId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BallotId(…)")
    }
}

/// Somebody's ballot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ballot {
    /// What it is, or would be, stored under.
    pub id: BallotId,
    /// What they have voted for.
    pub choices: Choices,
}

/// A poll and what it is to the one who looks at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PollView {
    /// The poll.
    pub poll: Poll,
    /// The ballot of the one who looks; `None` where the server lacks the key of an anonymous poll.
    pub ballot: Option<Ballot>,
}

impl PollView {
    /// What the one who looks has voted for, as far as that is known.
    pub fn choices(&self) -> Option<Choices> {
        self.ballot.map(|ballot| ballot.choices)
    }

    /// Whether it shows the one who looks who votes for what.
    pub(crate) fn shows_voters(&self) -> bool {
        self.poll.shows_voters(self.choices().is_some_and(|choices| !choices.is_empty()))
    }
}

impl TextBytes for PollView {
    fn text_bytes(&self) -> usize {
        self.poll.text_bytes()
    }
}

/// The message that a poll is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PollPlace {
    /// Its id.
    pub message: MessageId,
    /// Its group.
    pub group: GroupId,
    /// The number in the group that decides who reads it.
    pub history_seq: Seq,
    /// Whether it is a reply in a thread.
    pub is_reply: bool,
    /// Who wrote it.
    pub author: UserId,
}

/// A message that may be a poll.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundPoll {
    /// The message.
    pub place: PollPlace,
    /// Whether only its tombstone is left.
    pub is_deleted: bool,
    /// The poll, if it is one.
    pub view: Option<PollView>,
}

//! Mentions: whom a message names, and who is told of it.

use crate::accounts::UserRef;
use crate::groups::Group;
use crate::ids::{GroupId, MessageId, Seq, UserId};
use crate::messages::model::{InThread, Message};
use crate::permissions::Role;
use crate::text::TextBytes;

/// The most mentions of all members that a group keeps as mentions: the newest. It bounds what counting and listing them
/// costs. The messages stay as they are.
pub const MAX_GROUP_MENTIONS: i64 = 100;

/// How many groups of a user are looked at together, for the replies in them that mention all members: about a thousand.
pub const GROUPS_AT_ONCE: i64 = 10;

/// Somebody whose name was found in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mentionable {
    /// The user, whose account is not deleted.
    pub user: UserRef,
    /// The user's role in the group, and the number of the group's newest message when they came in; `None` for others
    /// than members.
    pub membership: Option<(Role, Seq)>,
    /// Whether the user has blocked the author.
    pub blocks_author: bool,
}

impl Mentionable {
    /// Whether the user may read the messages of the group that have this number there.
    pub(super) fn may_read(&self, group: &Group, seq: Seq) -> bool {
        self.membership.as_ref().is_some_and(|(role, joined_seq)| group.lets_read(role, *joined_seq, seq))
    }
}

/// Where a message is that mentions somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MentionPlace {
    /// The message.
    pub message: MessageId,
    /// Its group.
    pub group: GroupId,
    /// The thread that it is a reply in.
    pub thread: Option<InThread>,
    /// Its number in the thread, or else in the group.
    pub seq: Seq,
    /// Who wrote it.
    pub author: UserId,
}

impl MentionPlace {
    /// Of a message.
    pub const fn of(message: &Message) -> Self {
        let Message { id, group_id, thread, seq, .. } = *message;
        Self { message: id, group: group_id, thread, seq, author: message.author.id }
    }

    /// The number in the group that decides who reads it.
    pub const fn history_seq(&self) -> Seq {
        InThread::history_seq(self.thread, self.seq)
    }
}

/// That a message mentions somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct MentionRow {
    /// The user.
    pub user: UserId,
    /// Whether the text names them. Else they were online when it said `@here`.
    pub is_named: bool,
    /// Whether they are told of it: it counts for them, and is in the list of their mentions. The author is not told, nor
    /// who has blocked the author.
    pub is_told: bool,
}

/// A mention as the list of them needs it to decide whether it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OwnMention {
    /// The message.
    pub message: MessageId,
    /// Its group.
    pub group: GroupId,
    /// The root of the thread that it is a reply in.
    pub thread: Option<MessageId>,
    /// The number in the group that decides who reads it.
    pub history_seq: Seq,
    /// Whether the user has not read the message.
    pub is_unread: bool,
    /// Whether it counts for the user: the message is neither their own, nor by somebody whom they have blocked.
    pub is_told: bool,
}

/// Replies that mention all members of some of a user's groups.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MentionsOfAll {
    /// The mentions, in no particular order.
    pub mentions: Vec<OwnMention>,
    /// The last group that was looked at, if the user has others after it.
    pub looked_up_to: Option<GroupId>,
}

impl TextBytes for Mentionable {
    fn text_bytes(&self) -> usize {
        self.user.text_bytes()
    }
}

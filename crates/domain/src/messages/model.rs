//! Messages.

use std::fmt;

use crate::accounts::UserRef;
use crate::ids::{GroupId, MessageId, Seq, UserId, Version, integer_newtype};
use crate::messages::emoji::Emoji;
use crate::messages::marks::{MAX_HERE, MAX_MENTIONED, Mark, MarkPlace, MarkTarget, find_places};
use crate::messages::quote::{Excerpt, Quoted};
use crate::messages::reactions::Reactions;
use crate::messages::thread::ThreadView;
use crate::polls::{Choices, Poll};
use crate::text::{TextBytes, check_visible, multi_line, text_newtype};
use crate::time::Timestamp;
use crate::validation::{Violation, ViolationCode, check_length};

/// The text of a message: 1–10,000 characters, one of them visible. Shown by no `Debug`.
#[derive(Clone)]
pub struct MessageText {
    text: String,
    marks: Box<[MarkPlace]>,
}

impl PartialEq for MessageText {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for MessageText {}

impl TextBytes for MessageText {
    fn text_bytes(&self) -> usize {
        self.text.len() + self.marks.len() * MarkPlace::BYTES
    }
}

impl fmt::Debug for MessageText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MessageText(…)")
    }
}

impl MessageText {
    /// The most characters a message may have.
    pub const MAX_LENGTH: usize = 10_000;

    /// Normalizes and checks a text.
    ///
    /// # Errors
    /// The rule that it breaks.
    pub fn parse(text: &str) -> Result<Self, Violation> {
        let text = multi_line(text, 1, Self::MAX_LENGTH)?;
        check_visible(&text)?;
        // Here, so that it takes no time of a transaction.
        let marks = find_places(&text);
        Ok(Self { text, marks })
    }

    /// Wraps a text that was checked before it was stored.
    pub fn from_stored(text: String) -> Self {
        Self { text, marks: Box::default() }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The text, without its wrapper.
    pub fn into_string(self) -> String {
        self.text
    }

    /// How many users the text, as somebody has typed it, may mention: at most [`MAX_MENTIONED`] by name, since a text with
    /// more of them is rejected, and as many as may be online where it says `@here`. How many are online is not for
    /// everybody to know, so what a text costs doesn't depend on it.
    pub fn mention_count(&self) -> usize {
        let is_user = |mark: &Mark| matches!(mark.of, MarkTarget::Name(_) | MarkTarget::Id(_));
        let named = self.marks().filter(is_user).count().min(MAX_MENTIONED);
        named + if self.says_here() { MAX_HERE } else { 0 }
    }

    /// Whether the text, as somebody has typed it, mentions all who are online.
    pub(super) fn says_here(&self) -> bool {
        self.marks().any(|mark| mark.of == MarkTarget::Here)
    }

    /// Where the text, as somebody has typed it, may mention somebody. A text that was stored has none.
    pub(super) fn marks(&self) -> impl Iterator<Item = Mark> {
        self.marks.iter().filter_map(|place| place.mark(&self.text))
    }
}

/// A name that the sender gives a message, so that a repeated request stores it once: 1–64 printable ASCII
/// characters, unique per group and author for ever.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientId(String);
text_newtype!(ClientId);

impl ClientId {
    /// The most characters a client id may have.
    pub const MAX_LENGTH: usize = 64;

    /// Checks a client id.
    ///
    /// # Errors
    /// The rule that it breaks.
    pub fn parse(text: &str) -> Result<Self, Violation> {
        check_length(text, 1, Self::MAX_LENGTH)?;
        if !text.chars().all(|c| matches!(c, ' '..='~')) {
            let detail = "must contain only printable ASCII characters";
            return Err(Violation::new(ViolationCode::InvalidCharacters, detail));
        }
        Ok(Self(text.to_owned()))
    }
}

/// A message, or the tombstone of a deleted one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The message's id.
    pub id: MessageId,
    /// The group it is in.
    pub group_id: GroupId,
    /// The thread that it is a reply in; `None` for a message of the group itself.
    pub thread: Option<InThread>,
    /// Its number in the thread, or else in the group.
    pub seq: Seq,
    /// Who wrote it.
    pub author: UserRef,
    /// `None` once it is deleted.
    pub text: Option<MessageText>,
    /// The id that its sender gave it.
    pub client_id: Option<ClientId>,
    /// Counts the changes, reactions among them.
    pub version: Version,
    /// When it was sent.
    pub created_at: Timestamp,
    /// When it was last edited.
    pub edited_at: Option<Timestamp>,
    /// When it was deleted.
    pub deleted_at: Option<Timestamp>,
    /// How many users have given which reaction, likes among them; none once it is deleted.
    pub reactions: Reactions,
    /// That it is pinned; `None` once it is deleted.
    pub pin: Option<Pin>,
    /// What else is stored about it. A thread stays when it is deleted.
    pub attachments: Attachments,
    /// The message of the group that it replies to; `None` once it is deleted. Repositories leave it out.
    pub reply_to: Option<MessageId>,
    /// The users whom the text mentions by name, in the order of their ids; none once it is deleted. Repositories leave it
    /// out: use cases load them for all messages of a page together.
    pub mentioned: Vec<UserRef>,
    /// The poll that it is; none once it is deleted. Left out in the same way.
    pub poll: Option<Box<Poll>>,
}

/// The thread that a reply is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InThread {
    /// The message that was replied to.
    pub root: MessageId,
    /// The number of that message in the group, which never changes.
    pub root_seq: Seq,
}

impl InThread {
    /// The number in the group that decides who reads a message with this number, in this thread or in none: of a reply,
    /// that of the root. See [`History::readable_after`](crate::groups::History::readable_after).
    pub const fn history_seq(thread: Option<Self>, seq: Seq) -> Seq {
        match thread {
            Some(thread) => thread.root_seq,
            None => seq,
        }
    }
}

/// Which kinds of rows belong to a message, one bit for each: a page of messages loads a kind only where one of them
/// has it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Attachments(i64);

impl Attachments {
    /// The message is the root of a thread.
    pub const THREAD: Self = Self(1);
    /// The message replies to another one of its group, which it quotes.
    pub const QUOTE: Self = Self(4);
    /// The message was forwarded from another one, which it quotes in full.
    pub const FORWARD: Self = Self(8);
    /// The message was imported. There are no rows for this.
    pub const IMPORTED: Self = Self(1 << 10);
    /// The text mentions users by name.
    pub const NAMES: Self = Self(16);
    /// The text mentions all members.
    pub const ALL: Self = Self(32);
    /// The text mentions all who were online.
    pub const HERE: Self = Self(64);
    /// The message is a poll.
    pub const POLL: Self = Self(128);

    const MENTIONS: i64 = Self::NAMES.0 | Self::ALL.0 | Self::HERE.0;

    /// The kinds that are stored as these bits.
    pub const fn from_stored(bits: i64) -> Self {
        Self(bits)
    }

    /// The bits, to be stored.
    pub const fn bits(self) -> i64 {
        self.0
    }

    /// These kinds and those.
    #[must_use]
    pub const fn with(self, kinds: Self) -> Self {
        Self(self.0 | kinds.0)
    }

    /// These kinds but for those.
    #[must_use]
    pub const fn without(self, kinds: Self) -> Self {
        Self(self.0 & !kinds.0)
    }

    /// Whether there is none.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether one of these kinds is among them.
    pub const fn meet(self, kinds: Self) -> bool {
        self.0 & kinds.0 != 0
    }

    /// Whether the text mentions anybody.
    pub const fn mention(self) -> bool {
        self.0 & Self::MENTIONS != 0
    }

    /// Whether single users may be mentioned.
    pub(super) const fn has_rows(self) -> bool {
        self.0 & (Self::NAMES.0 | Self::HERE.0) != 0
    }

    /// The others than mentions.
    #[must_use]
    pub(super) const fn without_mentions(self) -> Self {
        Self(self.0 & !Self::MENTIONS)
    }

    /// Whether all of these kinds are among them.
    pub const fn contain(self, kinds: Self) -> bool {
        self.0 & kinds.0 == kinds.0
    }
}

/// The most pinned messages a group may have.
pub const MAX_PINS: i64 = 100;

integer_newtype! {
    /// A pin's number within its group, by which its pins are in order: greater than those of the pins before it. 0
    /// stands for "before the first".
    PinSeq;
}

impl PinSeq {
    /// Before the first pin.
    pub const ZERO: Self = Self(0);

    /// The number that follows.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

/// What is known of a message that is pinned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pin {
    /// Its place among the pins of the group.
    pub seq: PinSeq,
    /// When the message was pinned.
    pub at: Timestamp,
    /// Who pinned it.
    pub by: UserId,
}

impl Message {
    /// The number in the group that decides who reads it, as [`InThread::history_seq`] says.
    pub const fn history_seq(&self) -> Seq {
        InThread::history_seq(self.thread, self.seq)
    }

    /// Whether it was imported: written in the name of its author by somebody who manages all groups, or with an earlier
    /// time.
    pub const fn is_imported(&self) -> bool {
        self.attachments.contain(Attachments::IMPORTED)
    }

    /// Whether only the tombstone is left.
    pub const fn is_deleted(&self) -> bool {
        self.deleted_at.is_some()
    }

    /// Whether it replies to another message, or was forwarded from one.
    pub const fn quotes(&self) -> bool {
        self.attachments.meet(Attachments::QUOTE.with(Attachments::FORWARD))
    }

    /// Whether it was forwarded from another message.
    pub const fn is_forwarded(&self) -> bool {
        self.attachments.contain(Attachments::FORWARD)
    }

    /// Names the message that it quotes. Where a message was forwarded from is not for everybody to know.
    pub(super) const fn name_quoted(&mut self, quoted: MessageId) {
        if self.attachments.contain(Attachments::QUOTE) {
            self.reply_to = Some(quoted);
        }
    }

    /// The message as another one quotes it.
    pub fn as_quoted(&self) -> Quoted {
        let mut quoted = Quoted {
            id: self.id,
            group: self.group_id,
            root: self.thread.map(|thread| thread.root),
            seq: self.seq,
            history_seq: self.history_seq(),
            author: self.author.clone(),
            excerpt: self.text.as_ref().map(|text| Excerpt::of(text.as_str())),
            mentioned: Vec::new(),
        };
        if quoted.may_name() {
            quoted.mentioned.clone_from(&self.mentioned);
        }
        quoted
    }

    /// The tombstone that stays when the message is deleted at this time.
    #[must_use]
    pub fn into_tombstone(self, deleted_at: Timestamp) -> Self {
        let version = self.version.next();
        Self {
            text: None,
            version,
            deleted_at: Some(deleted_at),
            reactions: Reactions::NONE,
            pin: None,
            attachments: self
                .attachments
                .without(Attachments::QUOTE.with(Attachments::FORWARD).with(Attachments::POLL))
                .without_mentions(),
            reply_to: None,
            mentioned: Vec::new(),
            poll: None,
            ..self
        }
    }
}

impl TextBytes for Message {
    fn text_bytes(&self) -> usize {
        let texts = self.author.text_bytes() + self.text.text_bytes() + self.client_id.text_bytes();
        let mentioned: usize = self.mentioned.iter().map(TextBytes::text_bytes).sum();
        let poll = self.poll.as_ref().map_or(0, |poll| poll.text_bytes());
        texts + self.reactions.text_bytes() + mentioned + poll
    }
}

/// A message and what it is to the one who looks at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageView {
    /// The message.
    pub message: Message,
    /// Whether the one who looks likes it.
    pub liked: bool,
    /// The other reactions that the one who looks has given, in the order of the message's.
    pub reacted: Vec<Emoji>,
    /// The thread under it; `None` where nobody has replied. Repositories leave it out: use cases load the threads of
    /// all messages of a page together.
    pub thread: Option<ThreadView>,
    /// The message that it replies to or was forwarded from, if the one who looks may read that. Left out in the same
    /// way.
    pub quoted: Option<Quoted>,
    /// What the one who looks has voted for, if it is a poll and that is known. Left out in the same way.
    pub choices: Option<Choices>,
    /// The first voters for each of its options, in no order, if it is a poll that shows them to the one who looks. Left out in
    /// the same way.
    pub voters: Option<Vec<UserRef>>,
    /// Whom the text names that can't read the message, and who are therefore not mentioned. Only in what sending and
    /// editing answer.
    pub unreachable: Vec<UserRef>,
}

impl MessageView {
    /// A message, for somebody who hasn't reacted to it.
    pub const fn without_own_reactions(message: Message) -> Self {
        Self {
            message,
            liked: false,
            reacted: Vec::new(),
            thread: None,
            quoted: None,
            choices: None,
            voters: None,
            unreachable: Vec::new(),
        }
    }

    /// Whether the one who looks has given this reaction.
    pub fn has_own_reaction(&self, emoji: Emoji) -> bool {
        if emoji == Emoji::LIKE { self.liked } else { self.reacted.contains(&emoji) }
    }

    /// Whom its poll shows as voters to the one who looks.
    pub(super) fn shown_voters(&self) -> impl Iterator<Item = UserId> {
        let poll = self.message.poll.as_deref().filter(|_| self.voters.is_some());
        poll.into_iter().flat_map(|poll| &poll.options).flat_map(|option| &option.first_voters).copied()
    }

    /// Notes that the one who looks has given this reaction, or has taken it back, which the message counts already.
    pub(super) fn set_own_reaction(&mut self, emoji: Emoji, is_given: bool) {
        if emoji == Emoji::LIKE {
            self.liked = is_given;
            return;
        }
        let own = std::mem::take(&mut self.reacted);
        let is_own = |other: Emoji| if other == emoji { is_given } else { own.contains(&other) };
        self.reacted =
            self.message.reactions.iter().map(|found| found.emoji).filter(|other| is_own(*other)).collect();
    }
}

/// A user who has given a reaction to a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reactor {
    /// The user, who may be deleted.
    pub user: UserRef,
    /// When.
    pub at: Timestamp,
}

impl TextBytes for Reactor {
    fn text_bytes(&self) -> usize {
        self.user.text_bytes()
    }
}

impl TextBytes for MessageView {
    fn text_bytes(&self) -> usize {
        let unreachable: usize = self.unreachable.iter().map(TextBytes::text_bytes).sum();
        let voters: usize = self.voters.iter().flatten().map(TextBytes::text_bytes).sum();
        let shown = self.message.text_bytes() + self.thread.text_bytes() + self.quoted.text_bytes();
        shown + voters + unreachable
    }
}

/// A message that is about to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewMessage {
    /// The group it goes to.
    pub group: GroupId,
    /// The thread that it replies in.
    pub thread: Option<InThread>,
    /// Its number in the thread, or else in the group.
    pub seq: Seq,
    /// Who wrote it.
    pub author: UserId,
    /// Its text.
    pub text: MessageText,
    /// The name that its sender gives it.
    pub client_id: Option<ClientId>,
    /// When it is sent.
    pub created_at: Timestamp,
    /// What is stored about it beside it.
    pub attachments: Attachments,
}

impl NewMessage {
    /// The message as it is stored, under this id, with its author in full.
    pub fn into_message(self, id: MessageId, author: UserRef) -> Message {
        Message {
            id,
            group_id: self.group,
            thread: self.thread,
            seq: self.seq,
            author,
            text: Some(self.text),
            client_id: self.client_id,
            version: Version::FIRST,
            created_at: self.created_at,
            edited_at: None,
            deleted_at: None,
            reactions: Reactions::NONE,
            pin: None,
            attachments: self.attachments,
            reply_to: None,
            mentioned: Vec::new(),
            poll: None,
        }
    }
}

#[cfg(test)]
mod tests;

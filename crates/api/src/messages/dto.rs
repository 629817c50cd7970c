//! Response bodies for messages.

use groupchat_domain::accounts::UserRef;
use groupchat_domain::events::MessageReaction;
use groupchat_domain::ids::{GroupId, MessageId, Seq, UserId, Version};
use groupchat_domain::messages::{
    Attachments, ClientId, EarlierText, Emoji, Excerpt, MAX_MENTIONED, MAX_NAMES, MAX_PARTICIPANTS,
    MAX_REACTIONS, Message, MessageText, MessageView, Quoted, ReactionCount, Reactions, Reactor, Thread,
    ThreadView,
};
use paperclip::actix::Apiv2Schema;
use serde::Serialize;

use super::values::Html;
use crate::accounts::UserRefDto;
use crate::polls::PollDto;
use crate::wire::{Count, Field, FixedFields, Items, Time};

/// A message, or the tombstone of a deleted one.
#[derive(Debug, Serialize, Apiv2Schema)]
#[openapi(rename = "Message")]
pub struct MessageDto {
    /// The message's id, unique on the whole server.
    pub id: Field<MessageId>,
    /// The group it is in.
    pub group_id: Field<GroupId>,
    /// For a reply, the id of the message that it replies to.
    pub thread_id: Option<Field<MessageId>>,
    /// Its number in the group, or in the thread: 1, 2, 3, … without gaps.
    pub seq: Field<Seq>,
    /// The author.
    pub author: UserRefDto,
    /// The text; null if the message is deleted.
    pub text: Option<Field<MessageText>>,
    /// The text as HTML: CommonMark with tables, strikethrough and links, in a closed set of elements. Null unless the
    /// query asks for `format=html`.
    pub(super) html: Option<Field<Html>>,
    /// The id that its sender gave it.
    pub client_id: Option<Field<ClientId>>,
    /// Increases with every change, including reactions, starting at 1.
    pub version: Field<Version>,
    /// When it was sent.
    pub created_at: Time,
    /// When it was last edited.
    pub edited_at: Option<Time>,
    /// When it was deleted.
    pub deleted_at: Option<Time>,
    /// The number of users who like it.
    pub likes: Field<Count>,
    /// Whether the caller likes it; null in events, which are the same for everyone.
    pub liked: Option<Field<bool>>,
    /// The reactions, likes among them as 👍, in the order in which each first came.
    pub reactions: ReactionList,
    /// When it was pinned; null if it is not pinned.
    pub pinned_at: Option<Time>,
    /// The id of the user who pinned it.
    pub pinned_by: Option<Field<UserId>>,
    /// Whether it was imported: written in the name of its author, or with an earlier time, by somebody who manages all
    /// groups. Clients notify nobody of it.
    pub imported: Field<bool>,
    /// The replies to it; null if nobody has replied, and in events.
    pub thread: Option<ThreadDto>,
    /// The message of the group that it replies to; null if there is none, or if the message is deleted.
    pub reply_to: Option<QuotedDto>,
    /// Whether it was forwarded from another message.
    pub forwarded: Field<bool>,
    /// The message that it was forwarded from; null for those who may not read that, if it is gone, and in events.
    pub forwarded_from: Option<SourceDto>,
    /// Whom it mentions; null if nobody.
    pub mentions: Option<MentionsDto>,
    /// The poll that it is; null if it is none, or if the message is deleted.
    pub poll: Option<PollDto>,
}

impl MessageDto {
    /// Everybody gets the same events, so what depends on the reader is null.
    pub(crate) const IN_EVENTS: FixedFields =
        FixedFields { null: &["liked", "html", "thread", "forwarded_from"], given: &[] };

    /// The same for the tombstone of a deleted message.
    pub(crate) const TOMBSTONE: FixedFields = FixedFields {
        null: &[
            "liked",
            "html",
            "text",
            "pinned_at",
            "pinned_by",
            "thread",
            "reply_to",
            "forwarded_from",
            "mentions",
            "poll",
        ],
        given: &["deleted_at"],
    };

    /// A message as in events.
    pub(crate) fn for_everybody(message: Message) -> Self {
        let reactions = ReactionDto::list(&message.reactions, |_| None);
        Self { liked: None, reactions, ..MessageView::without_own_reactions(message).into() }
    }
}

/// Whom a message mentions.
#[derive(Debug, Serialize, Apiv2Schema)]
#[openapi(rename = "Mentions")]
pub struct MentionsDto {
    /// The users whom the text mentions, in the order of their ids: in the text, each is `<@id>`.
    pub users: Items<UserRefDto, MAX_MENTIONED>,
    /// Whether it mentions all members: the text says `@all`.
    pub all: Field<bool>,
    /// Whether it mentions all members who were online: the text says `@here`.
    pub here: Field<bool>,
    /// Users whom the text names who can't read the message, and so are not mentioned. Only in the answer to whoever sends
    /// or edits the message; else empty.
    pub unreachable: Items<UserRefDto, MAX_UNREACHABLE>,
}

/// As many as are looked up by name and by id.
const MAX_UNREACHABLE: usize = 2 * MAX_NAMES;

impl MentionsDto {
    fn of(kinds: Attachments, mentioned: Vec<UserRef>, unreachable: Vec<UserRef>) -> Option<Self> {
        let has_some = kinds.mention() || !unreachable.is_empty();
        has_some.then(|| Self {
            users: mentioned.into_iter().map(UserRefDto::from).collect(),
            all: Field(kinds.contain(Attachments::ALL)),
            here: Field(kinds.contain(Attachments::HERE)),
            unreachable: unreachable.into_iter().map(UserRefDto::from).collect(),
        })
    }
}

/// A reaction to a message.
#[derive(Debug, Serialize, Apiv2Schema)]
#[openapi(rename = "Reaction")]
pub struct ReactionDto {
    /// The emoji, in its fully-qualified form.
    pub emoji: Field<Emoji>,
    /// The number of users who have given it.
    pub count: Field<Count>,
    /// Whether the caller has given it; null in events, which are the same for everyone.
    pub reacted: Option<Field<bool>>,
}

/// All reactions to a message.
type ReactionList = Items<ReactionDto, MAX_REACTIONS>;

impl ReactionDto {
    fn list(reactions: &Reactions, reacted: impl Fn(Emoji) -> Option<bool>) -> ReactionList {
        let dto = |ReactionCount { emoji, count }| Self {
            emoji: Field(emoji),
            count: count.into(),
            reacted: reacted(emoji).map(Field),
        };
        reactions.iter().map(dto).collect()
    }

    /// Those of a message as somebody sees it.
    fn seen(view: &MessageView) -> ReactionList {
        Self::list(&view.message.reactions, |emoji| Some(view.has_own_reaction(emoji)))
    }
}

impl From<MessageView> for MessageDto {
    fn from(view: MessageView) -> Self {
        let reactions = ReactionDto::seen(&view);
        let MessageView { message, liked, thread, quoted, choices, voters, unreachable, .. } = view;
        let forwarded = message.is_forwarded();
        let (source, quoted) = if forwarded { (quoted, None) } else { (None, quoted) };
        let is_imported = message.is_imported();
        Self {
            id: message.id.into(),
            group_id: message.group_id.into(),
            thread_id: message.thread.map(|thread| thread.root.into()),
            seq: message.seq.into(),
            author: message.author.into(),
            text: message.text.map(Field),
            html: None,
            client_id: message.client_id.map(Field),
            version: message.version.into(),
            created_at: message.created_at.into(),
            edited_at: message.edited_at.map(Time::from),
            deleted_at: message.deleted_at.map(Time::from),
            likes: message.reactions.likes().into(),
            liked: Some(liked.into()),
            reactions,
            pinned_at: message.pin.map(|pin| pin.at.into()),
            pinned_by: message.pin.map(|pin| pin.by.into()),
            imported: is_imported.into(),
            thread: thread.map(ThreadDto::from),
            reply_to: message.reply_to.map(|id| QuotedDto::new(id, quoted)),
            forwarded: forwarded.into(),
            forwarded_from: source.map(SourceDto::from),
            mentions: MentionsDto::of(message.attachments, message.mentioned, unreachable),
            poll: message.poll.map(|poll| PollDto::with_voters(*poll, choices, voters)),
        }
    }
}

/// A message that another one of its group replies to, as it is now. In events, and for those who may not read it,
/// everything but `id` is null.
#[derive(Debug, Serialize, Apiv2Schema)]
#[openapi(rename = "QuotedMessage")]
pub struct QuotedDto {
    /// The message's id.
    pub id: Field<MessageId>,
    /// Its number in the group, or in the thread.
    pub seq: Option<Field<Seq>>,
    /// If it is a reply in a thread, the id of the message that it replies to there.
    pub thread_id: Option<Field<MessageId>>,
    /// The author.
    pub author: Option<UserRefDto>,
    /// The first 200 characters of its text, with `@` and their names for users whom it mentions; null once it is deleted.
    pub excerpt: Option<Field<Excerpt>>,
    /// Whether it is deleted.
    pub deleted: Option<Field<bool>>,
}

impl QuotedDto {
    fn new(id: MessageId, quoted: Option<Quoted>) -> Self {
        let deleted = quoted.as_ref().map(|quoted| quoted.is_deleted().into());
        let seq = quoted.as_ref().map(|quoted| quoted.seq.into());
        let thread_id = quoted.as_ref().and_then(|quoted| quoted.root).map(Field);
        let excerpt = quoted.as_ref().and_then(Quoted::shown_excerpt).map(Field);
        let author = quoted.map(|quoted| quoted.author);
        Self { id: id.into(), seq, thread_id, author: author.map(UserRefDto::from), excerpt, deleted }
    }
}

impl From<Quoted> for QuotedDto {
    fn from(quoted: Quoted) -> Self {
        Self::new(quoted.id, Some(quoted))
    }
}

/// Where a message was forwarded from.
#[derive(Debug, Serialize, Apiv2Schema)]
#[openapi(rename = "ForwardedFrom")]
pub struct SourceDto {
    /// The id of the group.
    pub group_id: Field<GroupId>,
    /// The id of the message.
    pub id: Field<MessageId>,
    /// Its number in the group, or in the thread.
    pub seq: Field<Seq>,
    /// If it is a reply in a thread, the id of the message that it replies to there.
    pub thread_id: Option<Field<MessageId>>,
    /// Its author.
    pub author: UserRefDto,
    /// Whether it is deleted.
    pub deleted: Field<bool>,
}

impl From<Quoted> for SourceDto {
    fn from(source: Quoted) -> Self {
        Self {
            group_id: source.group.into(),
            id: source.id.into(),
            seq: source.seq.into(),
            thread_id: source.root.map(Field),
            deleted: source.is_deleted().into(),
            author: source.author.into(),
        }
    }
}

/// The replies to a message.
#[derive(Debug, Serialize, Apiv2Schema)]
#[openapi(rename = "Thread")]
pub struct ThreadDto {
    /// The number of replies that are not deleted.
    pub reply_count: Field<Count>,
    /// The number of the newest reply, also if it is deleted.
    pub last_seq: Field<Seq>,
    /// When the newest reply was sent, also if it is deleted.
    pub last_reply_at: Time,
    /// The first five users who replied, in that order.
    pub participants: Items<UserRefDto, MAX_PARTICIPANTS>,
    /// Whether the caller follows the thread.
    pub following: Field<bool>,
    /// Replies up to this number are read by the caller.
    pub read_seq: Field<Seq>,
    /// The number of replies that the caller has not read.
    pub unread: Field<Count>,
    /// Increases when the caller marks replies as unread, starting at 1.
    pub read_version: Field<Version>,
    /// How many of these mention the caller. At most 100 are counted of those that name the caller, and at most 100 of those
    /// that mention all members.
    pub unread_mentions: Field<Count>,
}

impl From<ThreadView> for ThreadDto {
    fn from(view: ThreadView) -> Self {
        let (state, ThreadView { thread, standing, unread_mentions }) = (view.read_state(), view);
        Self {
            reply_count: thread.reply_count.into(),
            last_seq: thread.last_seq.into(),
            last_reply_at: thread.last_reply_at.into(),
            participants: thread.participants.into_iter().map(UserRefDto::from).collect(),
            following: standing.following.into(),
            read_seq: state.read_seq.into(),
            unread: state.unread.into(),
            read_version: state.version.into(),
            unread_mentions: unread_mentions.into(),
        }
    }
}

/// A thread as it is for everybody.
#[derive(Debug, Serialize, Apiv2Schema)]
#[openapi(rename = "ThreadUpdate")]
pub(crate) struct ThreadUpdateDto {
    /// The message that was replied to.
    pub message_id: Field<MessageId>,
    /// The number of replies that are not deleted.
    pub reply_count: Field<Count>,
    /// The number of the newest reply, also if it is deleted.
    pub last_seq: Field<Seq>,
    /// When the newest reply was sent, also if it is deleted.
    pub last_reply_at: Time,
    /// The first five users who replied, in that order.
    pub participants: Items<UserRefDto, MAX_PARTICIPANTS>,
}

impl From<Thread> for ThreadUpdateDto {
    fn from(thread: Thread) -> Self {
        Self {
            message_id: thread.root.into(),
            reply_count: thread.reply_count.into(),
            last_seq: thread.last_seq.into(),
            last_reply_at: thread.last_reply_at.into(),
            participants: thread.participants.into_iter().map(UserRefDto::from).collect(),
        }
    }
}

/// A thread, only by its root.
#[derive(Debug, Serialize, Apiv2Schema)]
#[openapi(rename = "ThreadRef")]
pub(crate) struct ThreadRefDto {
    /// The message that was replied to.
    pub message_id: Field<MessageId>,
}

/// The likes of a message.
#[derive(Debug, Serialize, Apiv2Schema)]
#[openapi(rename = "Likes")]
pub(super) struct LikesDto {
    /// The number of users who like it.
    pub likes: Field<Count>,
    /// Whether the caller likes it.
    pub liked: Field<bool>,
}

impl From<MessageView> for LikesDto {
    fn from(view: MessageView) -> Self {
        Self { likes: view.message.reactions.likes().into(), liked: view.liked.into() }
    }
}

/// The reactions to a message.
#[derive(Debug, Serialize, Apiv2Schema)]
#[openapi(rename = "Reactions")]
pub(crate) struct ReactionsDto {
    /// The reactions, in the order in which each first came.
    pub reactions: ReactionList,
    /// The version of the message.
    pub version: Field<Version>,
}

impl From<MessageView> for ReactionsDto {
    fn from(view: MessageView) -> Self {
        Self { reactions: ReactionDto::seen(&view), version: view.message.version.into() }
    }
}

/// A user who has reacted to a message.
#[derive(Debug, Serialize, Apiv2Schema)]
#[openapi(rename = "Reactor")]
pub(super) struct ReactorDto {
    /// The user.
    pub user: UserRefDto,
    /// When the user reacted.
    pub reacted_at: Time,
}

impl From<Reactor> for ReactorDto {
    fn from(reactor: Reactor) -> Self {
        Self { user: reactor.user.into(), reacted_at: reactor.at.into() }
    }
}

/// What a message said before it was edited.
#[derive(Debug, Serialize, Apiv2Schema)]
#[openapi(rename = "EarlierText")]
pub(super) struct EarlierTextDto {
    /// The text, with `@` and their names for users whom it mentioned.
    pub text: Field<MessageText>,
    /// When the message was sent with this text, or edited to it.
    pub written_at: Time,
    /// The last version of the message that had this text.
    pub version: Field<Version>,
}

impl From<EarlierText> for EarlierTextDto {
    fn from(earlier: EarlierText) -> Self {
        Self {
            text: Field(earlier.text),
            written_at: earlier.written_at.into(),
            version: earlier.version.into(),
        }
    }
}

/// A reaction that was given or taken back: the message as it is after that, and the reaction.
#[derive(Debug, Serialize, Apiv2Schema)]
#[openapi(rename = "MessageReaction")]
pub(crate) struct MessageReactionDto {
    /// The message.
    #[serde(flatten)]
    pub message: MessageDto,
    /// The emoji, in its fully-qualified form.
    pub emoji: Field<Emoji>,
    /// The number of users who have given this reaction.
    pub count: Field<Count>,
}

impl From<MessageReaction> for MessageReactionDto {
    fn from(reaction: MessageReaction) -> Self {
        let (emoji, count) = (Field(reaction.emoji), reaction.count().into());
        Self { message: MessageDto::for_everybody(reaction.message), emoji, count }
    }
}

#[cfg(test)]
mod tests {
    use groupchat_domain::messages::{InThread, NewMessage, Pin, PinSeq};
    use groupchat_domain::polls::{OptionText, Poll, PollDraft, PollOptions};
    use groupchat_domain::time::Timestamp;

    use super::*;

    const AT: Timestamp = Timestamp::from_micros(1_000_000);

    fn bare() -> Message {
        let sent = NewMessage {
            group: GroupId::new(7),
            thread: None,
            seq: Seq::new(1),
            author: UserId::new(1),
            text: MessageText::parse("Hello").unwrap(),
            client_id: None,
            created_at: AT,
            attachments: Attachments::default(),
        };
        sent.into_message(
            MessageId::new(3),
            UserRef { id: UserId::new(1), username: None, display_name: None },
        )
    }

    fn poll() -> Poll {
        let options = ["yes", "no"].map(|option| OptionText::parse(option).unwrap());
        Poll::from(&PollDraft::new(PollOptions::parse(options.to_vec()).unwrap(), None).unwrap())
    }

    /// A message with every optional value.
    fn full() -> Message {
        let mut reactions = Reactions::NONE;
        reactions.add(Emoji::LIKE);
        Message {
            thread: Some(InThread { root: MessageId::new(2), root_seq: Seq::new(1) }),
            client_id: Some(ClientId::parse("hello-1").unwrap()),
            attachments: Attachments::QUOTE.with(Attachments::NAMES),
            reply_to: Some(MessageId::new(2)),
            edited_at: Some(AT),
            deleted_at: Some(AT),
            pin: Some(Pin { seq: PinSeq::new(1), at: AT, by: UserId::new(1) }),
            reactions,
            mentioned: vec![bare().author],
            poll: Some(Box::new(poll())),
            ..bare()
        }
    }

    #[test]
    fn events_fix_what_they_say() {
        let shown = MessageDto::for_everybody;
        MessageDto::IN_EVENTS.assert_of(&shown(full()), &shown(bare()));
        let reacted = |message| MessageReactionDto::from(MessageReaction { message, emoji: Emoji::LIKE });
        MessageDto::IN_EVENTS.assert_of(&reacted(full()), &reacted(bare()));
        let json = serde_json::to_value(shown(full())).unwrap();
        assert_eq!(json["reactions"], serde_json::json!([{"emoji": "👍", "count": 1, "reacted": null}]));
        let tombstone = |message: Message| shown(message.into_tombstone(AT));
        MessageDto::TOMBSTONE.assert_of(&tombstone(full()), &tombstone(bare()));
    }
}

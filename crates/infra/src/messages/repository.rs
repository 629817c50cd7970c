//! Messages, reactions and pins.

use diesel::dsl::{auto_type, case_when, count_star, max};
use diesel::prelude::*;
use groupchat_domain::groups::SeqSpan;
use groupchat_domain::ids::{GroupId, MessageId, Seq, UserId, Version};
use groupchat_domain::messages::{
    Attachments, ClientId, Emoji, InThread, Message, MessageQuery, MessageRange, MessageRepository,
    MessageText, MessageView, NewMessage, Pin, PinQuery, PinSeq, PinState, ReactionQuery, Reactor, TimeQuery,
};
use groupchat_domain::storage::{StorageFault, Unique};
use groupchat_domain::time::Timestamp;

use crate::accounts::repository::UserRefRow;
use crate::connection::{on_backend, read_page};
use crate::groups::purge;
use crate::messages::checksum;
use crate::messages::reactions::{from_column, to_column};
use crate::schema::{groups, messages, reactions, users};
use crate::sql::stored::LIKE;
use crate::sql::upsert::UnlessRepeated;
use crate::sql::{among, inserted};
use crate::tx::DbTx;

/// A message's own columns.
#[derive(Queryable, Selectable)]
#[diesel(table_name = messages)]
pub(crate) struct MessageRow {
    id: i64,
    group_id: i64,
    seq: i64,
    client_id: Option<String>,
    version: i64,
    created_at: i64,
    edited_at: Option<i64>,
    deleted_at: Option<i64>,
    likes: i64,
    text: Option<String>,
    pin_seq: Option<i64>,
    pinned_at: Option<i64>,
    pinned_by: Option<i64>,
    reactions: Option<String>,
    thread_id: Option<i64>,
    root_seq: i64,
    attachments: i64,
}

/// A message, its author, and whether the viewer likes it.
#[derive(Queryable, Selectable)]
#[diesel(table_name = messages)]
pub(crate) struct MessageViewRow {
    #[diesel(embed)]
    pub(crate) message: MessageRow,
    #[diesel(embed)]
    pub(crate) author: UserRefRow,
    #[diesel(select_expression = reactions::user_id.nullable().is_not_null())]
    pub(crate) liked: bool,
}

impl MessageRow {
    /// The message with its author.
    fn by(self, author: UserRefRow) -> Message {
        Message {
            id: MessageId::new(self.id),
            group_id: GroupId::new(self.group_id),
            seq: Seq::new(self.seq),
            author: author.into(),
            text: self.text.map(MessageText::from_stored),
            client_id: self.client_id.map(ClientId::from_stored),
            version: Version::new(self.version),
            created_at: Timestamp::from_micros(self.created_at),
            edited_at: self.edited_at.map(Timestamp::from_micros),
            deleted_at: self.deleted_at.map(Timestamp::from_micros),
            reactions: from_column(self.reactions.as_deref(), self.likes),
            pin: pin(self.pin_seq, self.pinned_at, self.pinned_by),
            thread: thread(self.thread_id, self.root_seq),
            attachments: Attachments::from_stored(self.attachments),
            reply_to: None,
            poll: None,
            mentioned: Vec::new(),
        }
    }
}

/// The pin that these columns stand for: all of them have a value, or none.
fn pin(seq: Option<i64>, at: Option<i64>, by: Option<i64>) -> Option<Pin> {
    Some(Pin { seq: PinSeq::new(seq?), at: Timestamp::from_micros(at?), by: UserId::new(by?) })
}

/// The thread that these columns stand for; none without a root.
pub(crate) fn thread(root: Option<i64>, root_seq: i64) -> Option<InThread> {
    Some(InThread { root: MessageId::new(root?), root_seq: Seq::new(root_seq) })
}

/// Where a message is, and from where on it can be read.
#[derive(Queryable, Selectable)]
#[diesel(table_name = messages)]
pub(crate) struct PlaceRow {
    group_id: i64,
    thread_id: Option<i64>,
    root_seq: i64,
    seq: i64,
}

impl PlaceRow {
    /// The group.
    pub(crate) const fn group(&self) -> GroupId {
        GroupId::new(self.group_id)
    }

    /// The thread; none for a message of the group itself.
    pub(crate) fn thread(&self) -> Option<InThread> {
        thread(self.thread_id, self.root_seq)
    }

    /// The number in the group that decides who reads it.
    pub(crate) fn history_seq(&self) -> Seq {
        InThread::history_seq(self.thread(), Seq::new(self.seq))
    }
}

/// The numbers of messages that are about to be removed: from the first to the last. No message has the number 0.
pub(super) fn stored_span(hidden: Option<SeqSpan>) -> (i64, i64) {
    hidden.map_or((0, 0), |span| (span.first.get(), span.last.get()))
}

/// What the messages of a thread, or of the group itself, have in the column `root_seq`.
pub(super) fn stored_root_seq(thread: Option<InThread>) -> i64 {
    thread.map_or(0, |thread| thread.root_seq.get())
}

impl From<MessageViewRow> for MessageView {
    fn from(MessageViewRow { message, author, liked }: MessageViewRow) -> Self {
        let message = message.by(author);
        // Many likes of a deleted message are removed a little later than the message.
        let liked = liked && !message.is_deleted();
        Self { liked, ..Self::without_own_reactions(message) }
    }
}

/// The id of a message that somebody likes. Joined by it, likes are looked for only where there are some: of other messages it is
/// NULL, which equals nothing, so no index is searched.
#[auto_type]
pub(crate) fn liked_id() -> _ {
    case_when(messages::likes.gt(0_i64), messages::id)
}

/// Messages, each with its author and the viewer's like.
#[auto_type]
pub(super) fn viewed_by(viewer: i64) -> _ {
    let like: &'static str = LIKE;
    let liked: liked_id = liked_id();
    let mine = reactions::message_id.nullable().eq(liked).and(reactions::user_id.eq(viewer));
    messages::table
        .inner_join(users::table.on(users::id.eq(messages::author_id)))
        .left_join(reactions::table.on(mine.and(reactions::emoji.eq(like))))
}

/// The messages of a group, and the replies to them.
#[auto_type]
pub(super) fn viewed(group: i64, viewer: i64) -> _ {
    let by_viewer: viewed_by = viewed_by(viewer);
    by_viewer.filter(messages::group_id.eq(group))
}

impl MessageRepository for DbTx<'_> {
    fn find(
        &mut self,
        group: GroupId,
        id: MessageId,
        viewer: UserId,
    ) -> Result<Option<MessageView>, StorageFault> {
        let found = viewed(group.get(), viewer.get()).filter(messages::id.eq(id.get()));
        let found: Option<(MessageViewRow, Option<i64>)> = on_backend!(self, |connection| found
            .select((MessageViewRow::as_select(), messages::checksum))
            .first(connection)
            .optional())?;
        let Some((row, checksum)) = found else { return Ok(None) };
        let mut view = MessageView::from(row);
        self.compare_checksum(&view.message, checksum);
        self.add_own_reactions(viewer, [&mut view])?;
        Ok(Some(view))
    }

    fn find_many(&mut self, ids: &[MessageId]) -> Result<Vec<Message>, StorageFault> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let found = messages::table
            .inner_join(users::table.on(users::id.eq(messages::author_id)))
            .inner_join(groups::table.on(groups::id.eq(messages::group_id)))
            .filter(among(messages::id, ids.iter().map(|id| id.get())))
            .filter(groups::deleted_at.is_null());
        let rows: Vec<(MessageRow, UserRefRow)> = on_backend!(self, |connection| {
            found.select((MessageRow::as_select(), UserRefRow::as_select())).load(connection)
        })?;
        Ok(rows.into_iter().map(|(message, author)| message.by(author)).collect())
    }

    fn views(&mut self, ids: &[MessageId], viewer: UserId) -> Result<Vec<MessageView>, StorageFault> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let found = viewed_by(viewer.get())
            .inner_join(groups::table.on(groups::id.eq(messages::group_id)))
            .filter(among(messages::id, ids.iter().map(|id| id.get())))
            .filter(groups::deleted_at.is_null());
        let rows: Vec<MessageViewRow> =
            on_backend!(self, |connection| found.select(MessageViewRow::as_select()).load(connection))?;
        let mut views: Vec<_> = rows.into_iter().map(MessageView::from).collect();
        self.add_own_reactions(viewer, &mut views)?;
        Ok(views)
    }

    fn find_by_client_id(
        &mut self,
        group: GroupId,
        author: UserId,
        client_id: &ClientId,
    ) -> Result<Option<MessageView>, StorageFault> {
        let found = viewed(group.get(), author.get())
            .filter(messages::author_id.eq(author.get()))
            .filter(messages::client_id.eq(client_id.as_str()));
        let found = on_backend!(self, |connection| found
            .select(MessageViewRow::as_select())
            .first(connection)
            .optional())?;
        let mut view = found.map(MessageView::from);
        self.add_own_reactions(author, &mut view)?;
        Ok(view)
    }

    fn list(&mut self, query: &MessageQuery) -> Result<Vec<MessageView>, StorageFault> {
        let (from, to) = stored_span(query.hidden);
        let listed = viewed(query.group.get(), query.viewer.get())
            .filter(messages::root_seq.eq(stored_root_seq(query.thread)))
            .filter(messages::seq.gt(query.above.get()))
            .filter(messages::seq.lt(from).or(messages::seq.gt(to)))
            .limit(query.limit.with_lookahead());
        let mut views: Vec<MessageView> = match query.run {
            MessageRange::Below(end) => {
                let below = messages::seq.lt(end.map_or(i64::MAX, Seq::get));
                let listed = listed.filter(below).order(messages::seq.desc());
                on_backend!(self, |connection| {
                    let listed = listed.select(MessageViewRow::as_select());
                    read_page::<_, _, MessageViewRow, _>(connection, listed, query.limit)
                })
            }
            MessageRange::Above(end) => {
                let listed = listed.filter(messages::seq.gt(end.get())).order(messages::seq.asc());
                on_backend!(self, |connection| {
                    let listed = listed.select(MessageViewRow::as_select());
                    read_page::<_, _, MessageViewRow, _>(connection, listed, query.limit)
                })
            }
        }?;
        self.add_own_reactions(query.viewer, &mut views)?;
        Ok(views)
    }

    fn list_by_time(&mut self, query: &TimeQuery) -> Result<Vec<MessageView>, StorageFault> {
        self.messages_by_time(query)
    }

    fn sent_at(
        &mut self,
        group: GroupId,
        thread: Option<InThread>,
        seq: Seq,
    ) -> Result<Option<Timestamp>, StorageFault> {
        let found = messages::table
            .filter(messages::group_id.eq(group.get()))
            .filter(messages::root_seq.eq(stored_root_seq(thread)))
            .filter(messages::seq.eq(seq.get()))
            .select(messages::created_at);
        let at: Option<i64> = on_backend!(self, |connection| found.first(connection).optional())?;
        Ok(at.map(Timestamp::from_micros))
    }

    fn list_pins(&mut self, query: &PinQuery) -> Result<Vec<MessageView>, StorageFault> {
        let (before, above) = (query.before.map_or(i64::MAX, PinSeq::get), query.above.get());
        let (from, to) = stored_span(query.hidden);
        let is_there = messages::seq.lt(from).or(messages::seq.gt(to));
        let is_under = messages::root_seq.lt(from).or(messages::root_seq.gt(to));
        let listed = viewed(query.group.get(), query.viewer.get())
            .filter(messages::pin_seq.lt(before))
            .filter(messages::root_seq.gt(above).or(messages::root_seq.eq(0).and(messages::seq.gt(above))))
            .filter(messages::root_seq.gt(0).and(is_under).or(messages::root_seq.eq(0).and(is_there)))
            .order(messages::pin_seq.desc())
            .limit(query.limit.with_lookahead());
        let mut views: Vec<MessageView> = on_backend!(self, |connection| {
            let listed = listed.select(MessageViewRow::as_select());
            read_page::<_, _, MessageViewRow, _>(connection, listed, query.limit)
        })?;
        self.add_own_reactions(query.viewer, &mut views)?;
        Ok(views)
    }

    fn pin_state(&mut self, group: GroupId) -> Result<PinState, StorageFault> {
        let pins = messages::table
            .filter(messages::group_id.eq(group.get()))
            .filter(messages::pin_seq.is_not_null())
            .select((count_star(), max(messages::pin_seq)));
        let (count, last): (i64, Option<i64>) = on_backend!(self, |connection| pins.first(connection))?;
        Ok(PinState { count, last: last.map_or(PinSeq::ZERO, PinSeq::new) })
    }

    fn insert(&mut self, message: &NewMessage) -> Result<Unique<MessageId>, StorageFault> {
        // A trigger moves the group's last number and the author's read cursor, where the message is no reply, and not imported.
        let row = diesel::insert_into(messages::table).values((
            messages::group_id.eq(message.group.get()),
            messages::seq.eq(message.seq.get()),
            messages::author_id.eq(message.author.get()),
            messages::client_id.eq(message.client_id.as_ref().map(ClientId::as_str)),
            messages::version.eq(Version::FIRST.get()),
            messages::created_at.eq(message.created_at.as_micros()),
            messages::likes.eq(0),
            messages::text.eq(message.text.as_str()),
            messages::checksum.eq(checksum::of_new(message)),
            messages::thread_id.eq(message.thread.map(|thread| thread.root.get())),
            messages::root_seq.eq(stored_root_seq(message.thread)),
            messages::attachments.eq(message.attachments.bits()),
        ));
        let id = on_backend!(self, |connection| UnlessRepeated(row).get_result(connection).optional())?;
        Ok(inserted(id, MessageId::new))
    }

    fn update(&mut self, message: &Message) -> Result<(), StorageFault> {
        let row = diesel::update(messages::table.filter(messages::id.eq(message.id.get()))).set((
            messages::version.eq(message.version.get()),
            messages::edited_at.eq(message.edited_at.map(Timestamp::as_micros)),
            messages::deleted_at.eq(message.deleted_at.map(Timestamp::as_micros)),
            messages::likes.eq(message.reactions.likes()),
            messages::reactions.eq(to_column(&message.reactions)),
            messages::text.eq(message.text.as_ref().map(MessageText::as_str)),
            messages::pin_seq.eq(message.pin.map(|pin| pin.seq.get())),
            messages::pinned_at.eq(message.pin.map(|pin| pin.at.as_micros())),
            messages::pinned_by.eq(message.pin.map(|pin| pin.by.get())),
            messages::checksum.eq(self.checksum_to_store(message)),
        ));
        on_backend!(self, |connection| row.execute(connection)).map(drop)
    }

    fn attach(&mut self, message: MessageId, kinds: Attachments) -> Result<(), StorageFault> {
        let row = messages::table.filter(messages::id.eq(message.get()));
        let attached = diesel::update(row).set(messages::attachments.eq(kinds.bits()));
        on_backend!(self, |connection| attached.execute(connection)).map(drop)
    }

    fn add_reaction(
        &mut self,
        message: MessageId,
        user: UserId,
        emoji: Emoji,
        at: Timestamp,
    ) -> Result<bool, StorageFault> {
        let reaction = diesel::insert_into(reactions::table)
            .values((
                reactions::message_id.eq(message.get()),
                reactions::emoji.eq(emoji.as_str()),
                reactions::user_id.eq(user.get()),
                reactions::created_at.eq(at.as_micros()),
            ))
            .on_conflict_do_nothing();
        on_backend!(self, |connection| reaction.execute(connection)).map(|rows| rows > 0)
    }

    fn remove_reaction(
        &mut self,
        message: MessageId,
        user: UserId,
        emoji: Emoji,
    ) -> Result<bool, StorageFault> {
        let reaction = reactions::table.find((message.get(), emoji.as_str(), user.get()));
        on_backend!(self, |connection| diesel::delete(reaction).execute(connection)).map(|rows| rows > 0)
    }

    fn list_reactors(&mut self, query: &ReactionQuery) -> Result<Vec<Reactor>, StorageFault> {
        self.reactors(query)
    }

    fn purge_reactions(&mut self, message: MessageId, limit: i64) -> Result<bool, StorageFault> {
        purge::purge_reactions_to(self, message.get(), limit)
    }

    fn add_checksums(&mut self, after: MessageId, limit: i64) -> Result<Option<MessageId>, StorageFault> {
        crate::checksum::add_to_messages(self, after, limit)
    }
}

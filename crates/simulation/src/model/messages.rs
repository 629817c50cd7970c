//! Messages, reactions, pins and read cursors.

use std::ops::Bound;

use groupchat_domain::accounts::UserRef;
use groupchat_domain::groups::SeqSpan;
use groupchat_domain::ids::{GroupId, MessageId, Seq, UserId};
use groupchat_domain::messages::{
    Attachments, ClientId, Emoji, InThread, Message, MessageQuery, MessageRange, MessageRepository,
    MessageView, NewMessage, PinQuery, PinSeq, PinState, ReactionQuery, Reactor, TimePlace, TimeQuery,
};
use groupchat_domain::storage::{StorageFault, Unique};
use groupchat_domain::time::Timestamp;

use crate::model::state::{Place, Tables};
use crate::model::tx::{ModelTx, each_once};

impl Tables {
    pub(super) fn message(&self, id: MessageId) -> Option<&Message> {
        self.messages.get(self.places.get(&id)?)
    }

    /// A message as somebody sees it. Many reactions to a deleted one are removed a little later than the message.
    pub(super) fn message_view(&self, message: &Message, viewer: UserId) -> MessageView {
        let is_own = |emoji| self.reactions.contains(&(message.id, emoji, viewer));
        let given = message.reactions.iter().map(|found| found.emoji);
        let reacted = given.filter(|emoji| *emoji != Emoji::LIKE && is_own(*emoji)).collect();
        let liked = !message.is_deleted() && is_own(Emoji::LIKE);
        let message = self.with_author(message);
        MessageView { liked, reacted, ..MessageView::without_own_reactions(message) }
    }

    /// The reactions to a message, in their order in the database.
    fn reactions_to(&self, message: MessageId) -> impl Iterator<Item = (MessageId, Emoji, UserId)> {
        let all = self.reactions.iter().map(|(reaction, _)| *reaction);
        all.filter(move |(of, ..)| *of == message)
    }

    fn pins(&self, group: GroupId, below: PinSeq) -> impl DoubleEndedIterator<Item = (PinSeq, MessageId)> {
        let pins = self.pins.range((group, PinSeq::ZERO)..(group, below));
        pins.map(|((_, seq), id)| (*seq, *id))
    }

    /// Removes up to `limit` reactions to a message; how many.
    pub(super) fn remove_reactions(&mut self, message: MessageId, limit: usize) -> usize {
        let first: Vec<_> = self.reactions_to(message).take(limit).collect();
        self.reactions.remove_all(first)
    }

    /// The messages of a group, or the replies in one of its threads, with these numbers.
    fn run(
        &self,
        group: GroupId,
        thread: Option<MessageId>,
        numbers: (Bound<Seq>, Bound<Seq>),
    ) -> impl DoubleEndedIterator<Item = &Message> {
        let place = |seq| (group, thread, seq);
        self.messages.range((numbers.0.map(place), numbers.1.map(place))).map(|(_, message)| message)
    }

    /// Removes a message and all that leads to it.
    pub(super) fn remove_message(&mut self, place: Place, message: &Message) {
        self.messages.remove(&place);
        self.places.remove(&message.id);
        self.quotes.remove(&message.id);
        self.polls.remove(&message.id);
        if let Some(client_id) = &message.client_id {
            self.client_ids.remove(&(place.0, message.author.id, client_id.as_str().to_owned()));
        }
        if let Some(pin) = message.pin {
            self.pins.remove(&(place.0, pin.seq));
        }
    }
}

/// Whether the messages with this number are about to be removed.
fn is_hidden(hidden: Option<SeqSpan>, seq: Seq) -> bool {
    hidden.is_some_and(|span| span.contains(seq))
}

impl MessageRepository for ModelTx<'_> {
    /// What is in memory needs no checksums.
    fn add_checksums(&mut self, after: MessageId, limit: i64) -> Result<Option<MessageId>, StorageFault> {
        let later = self.write()?.places.iter().map(|(id, _)| *id).filter(|id| *id > after);
        Ok(later.take(usize::try_from(limit).unwrap_or(0)).last())
    }

    fn find(
        &mut self,
        group: GroupId,
        id: MessageId,
        viewer: UserId,
    ) -> Result<Option<MessageView>, StorageFault> {
        let tables = self.read()?;
        let found = tables.message(id).filter(|message| message.group_id == group);
        Ok(found.map(|message| tables.message_view(message, viewer)))
    }

    fn find_many(&mut self, ids: &[MessageId]) -> Result<Vec<Message>, StorageFault> {
        let tables = self.read()?;
        let found = each_once(ids).filter_map(|id| tables.message(id));
        let there = found.filter(|message| tables.group(message.group_id).is_some());
        Ok(there.map(|message| tables.with_author(message)).collect())
    }

    fn views(&mut self, ids: &[MessageId], viewer: UserId) -> Result<Vec<MessageView>, StorageFault> {
        let tables = self.read()?;
        let found = each_once(ids).filter_map(|id| tables.message(id));
        let there = found.filter(|message| tables.group(message.group_id).is_some());
        Ok(there.map(|message| tables.message_view(message, viewer)).collect())
    }

    fn find_by_client_id(
        &mut self,
        group: GroupId,
        author: UserId,
        client_id: &ClientId,
    ) -> Result<Option<MessageView>, StorageFault> {
        let tables = self.read()?;
        let id = tables.client_ids.get(&(group, author, client_id.as_str().to_owned()));
        let message = id.and_then(|id| tables.message(*id));
        Ok(message.map(|message| tables.message_view(message, author)))
    }

    fn list(&mut self, query: &MessageQuery) -> Result<Vec<MessageView>, StorageFault> {
        let MessageQuery { group, thread, viewer, run, above, hidden, limit } = *query;
        let is_there = move |message: &&Message| !is_hidden(hidden, message.seq);
        let tables = self.read()?;
        let thread = thread.map(|thread| thread.root);
        let view = |message: &Message| Ok(tables.message_view(message, viewer));
        match run {
            MessageRange::Below(end) => {
                let end = end.unwrap_or(Seq::new(i64::MAX)).max(above.next());
                let below = (Bound::Included(above.next()), Bound::Excluded(end));
                limit.read(tables.run(group, thread, below).rev().filter(is_there).map(view))
            }
            MessageRange::Above(end) => {
                let above = (Bound::Excluded(end.max(above)), Bound::Included(Seq::new(i64::MAX)));
                limit.read(tables.run(group, thread, above).filter(is_there).map(view))
            }
        }
    }

    fn list_by_time(&mut self, query: &TimeQuery) -> Result<Vec<MessageView>, StorageFault> {
        let tables = self.read()?;
        let all = (Bound::Excluded(query.above), Bound::Included(Seq::new(i64::MAX)));
        let place = |message: &Message| TimePlace { at: message.created_at, seq: message.seq };
        let wanted = |message: &&Message| {
            query.author.is_none_or(|author| message.author.id == author)
                && !is_hidden(query.hidden, message.seq)
                && query.after < place(message)
                && place(message) < query.before
        };
        let thread = query.thread.map(|thread| thread.root);
        let mut found: Vec<_> = tables.run(query.group, thread, all).filter(wanted).collect();
        found.sort_unstable_by_key(|message| place(message));
        if !query.ascending {
            found.reverse();
        }
        query.limit.read(found.into_iter().map(|message| Ok(tables.message_view(message, query.viewer))))
    }

    fn sent_at(
        &mut self,
        group: GroupId,
        thread: Option<InThread>,
        seq: Seq,
    ) -> Result<Option<Timestamp>, StorageFault> {
        let place = (group, thread.map(|thread| thread.root), seq);
        Ok(self.read()?.messages.get(&place).map(|message| message.created_at))
    }

    fn list_pins(&mut self, query: &PinQuery) -> Result<Vec<MessageView>, StorageFault> {
        let tables = self.read()?;
        let below = query.before.unwrap_or(PinSeq::new(i64::MAX));
        let pinned = tables.pins(query.group, below).rev().filter_map(|(_, id)| tables.message(id));
        let pinned = pinned.filter(|message| message.history_seq() > query.above);
        let pinned = pinned.filter(|message| !is_hidden(query.hidden, message.history_seq()));
        query.limit.read(pinned.map(|message| Ok(tables.message_view(message, query.viewer))))
    }

    fn pin_state(&mut self, group: GroupId) -> Result<PinState, StorageFault> {
        let pins = self.read()?.pins(group, PinSeq::new(i64::MAX));
        Ok(pins.fold(PinState { count: 0, last: PinSeq::ZERO }, |state, (last, _)| PinState {
            count: state.count + 1,
            last,
        }))
    }

    fn insert(&mut self, message: &NewMessage) -> Result<Unique<MessageId>, StorageFault> {
        let NewMessage { group, thread, seq, author, .. } = *message;
        let place = (group, thread.map(|thread| thread.root), seq);
        let client_id = message.client_id.as_ref().map(|id| (group, author, id.as_str().to_owned()));
        let tables = self.write()?;
        if client_id.as_ref().is_some_and(|used| tables.client_ids.contains(used)) {
            // Even where the number is taken, too: which is what a repeated request has.
            return match tables.messages.contains(&place) {
                true => Err(self.fail("the number is taken")),
                false => Ok(Unique::Taken),
            };
        }
        if tables.messages.contains(&place) {
            return Err(self.fail("the number is taken"));
        }
        if !tables.groups.contains(&group) || !tables.users.contains(&author) {
            return Err(self.fail("a message of nobody, or in no group"));
        }
        let id = MessageId::new(tables.message_ids.take());
        let author_ref = UserRef { id: author, username: None, display_name: None };
        tables.messages.put(place, message.clone().into_message(id, author_ref));
        tables.places.put(id, place);
        if let Some(client_id) = client_id {
            tables.client_ids.put(client_id, id);
        }
        if thread.is_none() {
            tables.groups.change(&group, |row| row.group.last_seq = seq);
        }
        if message.attachments.contain(Attachments::IMPORTED) {
            return Ok(Unique::Stored(id));
        }
        tables.memberships.change(&(group, author), |membership| {
            if thread.is_none() {
                membership.read_seq = seq;
            }
            membership.last_sent_at = message.created_at;
            membership.takes_part = true;
        });
        Ok(Unique::Stored(id))
    }

    fn update(&mut self, message: &Message) -> Result<(), StorageFault> {
        let tables = self.write()?;
        let Some(place) = tables.places.get(&message.id).copied() else { return Ok(()) };
        let before = tables.messages.get(&place).and_then(|message| message.pin);
        if let Some(pin) = before {
            tables.pins.remove(&(place.0, pin.seq));
        }
        if let Some(pin) = message.pin {
            tables.pins.put((place.0, pin.seq), message.id);
        }
        tables.messages.change(&place, |row| {
            row.text.clone_from(&message.text);
            row.version = message.version;
            row.edited_at = message.edited_at;
            row.deleted_at = message.deleted_at;
            row.reactions.clone_from(&message.reactions);
            row.pin = message.pin;
        });
        Ok(())
    }

    fn attach(&mut self, message: MessageId, kinds: Attachments) -> Result<(), StorageFault> {
        let tables = self.write()?;
        if let Some(place) = tables.places.get(&message).copied() {
            tables.messages.change(&place, |row| row.attachments = kinds);
        }
        Ok(())
    }

    fn add_reaction(
        &mut self,
        message: MessageId,
        user: UserId,
        emoji: Emoji,
        at: Timestamp,
    ) -> Result<bool, StorageFault> {
        let tables = self.write()?;
        if !tables.places.contains(&message) || !tables.users.contains(&user) {
            return Err(self.fail("a reaction of nobody, or to no message"));
        }
        if tables.reactions.contains(&(message, emoji, user)) {
            return Ok(false);
        }
        tables.reactions.put((message, emoji, user), at);
        Ok(true)
    }

    fn remove_reaction(
        &mut self,
        message: MessageId,
        user: UserId,
        emoji: Emoji,
    ) -> Result<bool, StorageFault> {
        Ok(self.write()?.reactions.remove(&(message, emoji, user)).is_some())
    }

    fn list_reactors(&mut self, query: &ReactionQuery) -> Result<Vec<Reactor>, StorageFault> {
        let tables = self.read()?;
        let given = tables.reactions_to(query.message).filter(|(_, emoji, user)| {
            *emoji == query.emoji && query.after.is_none_or(|after| *user > after)
        });
        query.limit.read(given.map(|reaction| {
            let at =
                tables.reactions.get(&reaction).copied().unwrap_or_else(|| unreachable!("it was listed"));
            Ok(Reactor { user: tables.user_ref(reaction.2), at })
        }))
    }

    fn purge_reactions(&mut self, message: MessageId, limit: i64) -> Result<bool, StorageFault> {
        let limit = usize::try_from(limit).unwrap_or(0);
        Ok(self.write()?.remove_reactions(message, limit) < limit)
    }
}

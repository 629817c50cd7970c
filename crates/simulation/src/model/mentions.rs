//! Mentions.

use std::cmp::Reverse;

use groupchat_domain::accounts::{UserRef, UsernameKey};
use groupchat_domain::ids::{GroupId, MessageId, Seq, UserId};
use groupchat_domain::messages::{
    GROUPS_AT_ONCE, MAX_GROUP_MENTIONS, MentionLookup, MentionPlace, MentionQuery, MentionRepository,
    MentionRow, Mentionable, MentionsOfAll, Message, OwnMention,
};
use groupchat_domain::storage::{StorageFault, Tx as _};

use crate::model::state::Tables;
use crate::model::tx::{ModelTx, each_once};

impl Tables {
    fn mentioning(&self, message: MessageId) -> Option<&Message> {
        self.messages.get(self.places.get(&message)?)
    }

    /// How far somebody has read what a message is in.
    fn has_not_read(&self, user: UserId, message: &Message) -> bool {
        let read = match message.thread {
            Some(thread) => {
                self.thread_members.get(&(thread.root, user)).map(|member| member.standing.read_seq)
            }
            None => self.memberships.get(&(message.group_id, user)).map(|membership| membership.read_seq),
        };
        message.seq > read.unwrap_or(Seq::ZERO)
    }

    fn own(&self, user: UserId, message: &Message) -> OwnMention {
        OwnMention {
            message: message.id,
            group: message.group_id,
            thread: message.thread.map(|thread| thread.root),
            history_seq: message.history_seq(),
            is_unread: self.has_not_read(user, message),
            is_told: self.counts(user, message),
        }
    }

    /// Whether a message that mentions somebody counts for them.
    fn counts(&self, user: UserId, message: &Message) -> bool {
        message.author.id != user && !self.blocks.contains(&(user, message.author.id))
    }

    /// The messages that somebody was told of, as they mention them.
    fn told(&self, user: UserId) -> impl Iterator<Item = &Message> {
        let told =
            self.mentions.iter().filter(move |((_, mentioned), row)| *mentioned == user && row.is_told);
        told.filter_map(|((message, _), _)| self.mentioning(*message))
    }

    /// The messages that mention all members of a group.
    fn to_all(&self, group: GroupId) -> impl Iterator<Item = &Message> {
        let all = self.group_mentions.iter().filter(move |((of, _), ())| *of == group);
        all.filter_map(|((_, message), ())| self.mentioning(*message))
    }

    /// How many messages of a group, or of a thread in it, mention somebody who has not read them; only those above this number.
    pub(super) fn unread_mentions(
        &self,
        user: UserId,
        (group, thread): (GroupId, Option<MessageId>),
        above: Seq,
    ) -> i64 {
        let counts = |message: &&Message| {
            message.group_id == group
                && message.thread.map(|thread| thread.root) == thread
                && message.seq > above
                && self.has_not_read(user, message)
        };
        let mut named: Vec<_> = self.told(user).filter(counts).collect();
        named.sort_unstable_by_key(|message| Reverse(message.seq));
        let named = named.into_iter().take(100).filter(|message| self.counts(user, message)).count();
        let is_told =
            |message: &Message| self.mentions.get(&(message.id, user)).is_some_and(|row| row.is_told);
        let to_all = self.to_all(group).filter(|message| self.counts(user, message));
        let others = to_all.filter(counts).filter(|message| !is_told(message)).count();
        i64::try_from(named + others).unwrap_or(i64::MAX)
    }

    /// Removes up to `limit` mentions in the messages of a group, and all of all members. Returns how many of the first.
    pub(super) fn purge_mentions(&mut self, group: GroupId, limit: usize) -> usize {
        let of_group = |message: &MessageId| self.places.get(message).is_some_and(|place| place.0 == group);
        let keys = self.mentions.iter().map(|(key, _)| *key).filter(|(message, _)| of_group(message));
        let keys: Vec<_> = keys.take(limit).collect();
        let to_all: Vec<_> =
            self.group_mentions.iter().map(|(key, ())| *key).filter(|(of, _)| *of == group).collect();
        self.group_mentions.remove_all(to_all);
        self.mentions.remove_all(keys)
    }
}

fn newest(mut found: Vec<OwnMention>, query: &MentionQuery) -> Vec<OwnMention> {
    found.retain(|mention| query.before.is_none_or(|before| mention.message < before));
    found.sort_by_key(|mention| Reverse(mention.message));
    found.truncate(usize::try_from(query.limit).unwrap_or(0));
    found
}

impl MentionRepository for ModelTx<'_> {
    fn look_up(&mut self, lookup: &MentionLookup) -> Result<Vec<Mentionable>, StorageFault> {
        let (group, now) = (lookup.group, self.now());
        let tables = self.read()?;
        let named = lookup.names.iter().map(UsernameKey::as_str);
        let named = named.filter_map(|name| tables.usernames.get(&name.to_owned()).copied());
        let all: Vec<_> = named.chain(lookup.ids.iter().copied()).collect();
        let living: Vec<_> = each_once(&all).filter(|user| tables.user(*user).is_some()).collect();
        let mut found = Vec::new();
        for id in living {
            let standing = tables.group(group).and_then(|found| tables.standing(found.id, id, now));
            let membership = standing.map(|standing| (standing.role, standing.joined_seq));
            let blocks_author = tables.blocks.contains(&(id, lookup.author));
            found.push(Mentionable { user: tables.user_ref(id), membership, blocks_author });
        }
        Ok(found)
    }

    fn add(&mut self, place: &MentionPlace, rows: &[MentionRow]) -> Result<(), StorageFault> {
        for row in rows {
            let tables = self.write()?;
            let key = (place.message, row.user);
            if tables.mentions.contains(&key) || !tables.users.contains(&row.user) {
                return Err(self.fail("a mention of nobody, or once more"));
            }
            tables.mentions.put(key, *row);
        }
        Ok(())
    }

    fn find(&mut self, message: MessageId) -> Result<Vec<MentionRow>, StorageFault> {
        let all = self.read()?.mentions.iter().filter(|((of, _), _)| *of == message);
        Ok(all.map(|(_, row)| *row).collect())
    }

    fn remove(&mut self, message: MessageId, users: &[UserId]) -> Result<(), StorageFault> {
        let tables = self.write()?;
        tables.mentions.remove_all(users.iter().map(|user| (message, *user)).collect::<Vec<_>>());
        Ok(())
    }

    fn add_to_all(&mut self, place: &MentionPlace) -> Result<(), StorageFault> {
        let tables = self.write()?;
        tables.group_mentions.put((place.group, place.message), ());
        let of_group =
            tables.group_mentions.iter().map(|(key, ())| *key).filter(|(of, _)| *of == place.group);
        let mut of_group: Vec<_> = of_group.collect();
        of_group.sort_unstable_by_key(|key| Reverse(*key));
        let oldest = of_group.into_iter().skip(usize::try_from(MAX_GROUP_MENTIONS).unwrap_or(0));
        tables.group_mentions.remove_all(oldest.collect::<Vec<_>>());
        Ok(())
    }

    fn remove_to_all(&mut self, message: MessageId) -> Result<(), StorageFault> {
        let tables = self.write()?;
        if let Some(group) = tables.places.get(&message).map(|place| place.0) {
            tables.group_mentions.remove(&(group, message));
        }
        Ok(())
    }

    fn named(&mut self, messages: &[MessageId]) -> Result<Vec<(MessageId, UserRef)>, StorageFault> {
        let tables = self.read()?;
        let named = tables.mentions.iter().filter(|((of, _), row)| row.is_named && messages.contains(of));
        Ok(named.map(|((message, user), _)| (*message, tables.user_ref(*user))).collect())
    }

    fn list(&mut self, query: &MentionQuery) -> Result<Vec<OwnMention>, StorageFault> {
        let tables = self.read()?;
        let found = tables.told(query.user).map(|message| tables.own(query.user, message)).collect();
        Ok(newest(found, query))
    }

    fn list_to_all(&mut self, query: &MentionQuery) -> Result<Vec<OwnMention>, StorageFault> {
        let tables = self.read()?;
        let groups = tables.memberships_of(query.user).map(|(group, _)| group);
        let found = groups.flat_map(|group| tables.to_all(group));
        let found = found.map(|message| tables.own(query.user, message)).collect();
        Ok(newest(found, query))
    }

    fn to_all_in_threads(&mut self, user: UserId, after: GroupId) -> Result<MentionsOfAll, StorageFault> {
        let tables = self.read()?;
        let mut groups: Vec<_> = tables.memberships_of(user).map(|(group, _)| group).collect();
        groups.retain(|group| *group > after);
        groups.sort_unstable();
        let most = usize::try_from(GROUPS_AT_ONCE).unwrap_or(0);
        let looked_up_to = groups.get(most).and_then(|_| groups.get(most - 1).copied());
        groups.truncate(most);
        let replies = groups.into_iter().flat_map(|group| tables.to_all(group));
        let replies = replies.filter(|message| message.thread.is_some());
        Ok(MentionsOfAll {
            mentions: replies.map(|message| tables.own(user, message)).collect(),
            looked_up_to,
        })
    }
}

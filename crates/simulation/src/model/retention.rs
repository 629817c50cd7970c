//! Removing messages for their age.

use groupchat_domain::groups::{Group, SeqSpan, Trimmed};
use groupchat_domain::ids::{GroupId, Seq};
use groupchat_domain::messages::Message;
use groupchat_domain::retention::{AgedMessage, Purged, RetentionRepository, TrimState};
use groupchat_domain::saved::DraftPlace;
use groupchat_domain::storage::StorageFault;

use crate::model::state::{Place, Tables};
use crate::model::tx::ModelTx;

impl Tables {
    /// The messages of a group itself with these numbers.
    fn of_group(&self, group: GroupId, span: SeqSpan) -> impl Iterator<Item = &Message> {
        let from = self.messages.range((group, None, span.first)..);
        let own = from
            .take_while(move |((of, thread, seq), _)| (*of, *thread) == (group, None) && *seq <= span.last);
        own.map(|(_, message)| message)
    }

    fn trim_state(&self, group: &Group) -> TrimState {
        let trimmed = group.trimmed;
        let below = SeqSpan { first: Seq::ZERO, last: trimmed.upto };
        let kept = self.of_group(group.id, below).filter(|message| !trimmed.hides(message.seq)).count();
        let next = self.messages.get(&(group.id, None, trimmed.upto.next()));
        TrimState {
            group: group.id,
            days: group.retention,
            trimmed,
            kept: i64::try_from(kept).unwrap_or(i64::MAX),
            next_at: next.map(|message| message.created_at),
        }
    }

    /// The messages of a group with these numbers, and the replies to them.
    fn spanned(&self, group: GroupId, span: SeqSpan) -> Vec<(Place, Message)> {
        let all = self.messages.iter().filter(|(place, _)| place.0 == group);
        all.filter(|(_, message)| span.contains(message.history_seq()))
            .map(|(place, message)| (*place, message.clone()))
            .collect()
    }

    /// Removes a message and all that belongs to it and to the thread under it.
    fn remove_whole(&mut self, place: Place, message: &Message) {
        let (id, all) = (message.id, usize::MAX);
        self.remove_reactions(id, all);
        self.remove_edits(id, all);
        self.remove_bookmarks(id, all);
        self.remove_reminders(id, all);
        self.remove_ballots(id, all);
        let named: Vec<_> = self.mentions.iter().map(|(key, _)| *key).filter(|(of, _)| *of == id).collect();
        self.mentions.remove_all(named);
        self.group_mentions.remove(&(place.0, id));
        let members: Vec<_> =
            self.thread_members.iter().map(|(key, _)| *key).filter(|(root, _)| *root == id).collect();
        self.thread_members.remove_all(members);
        self.threads.remove(&id);
        let is_under = |draft: &DraftPlace| draft.group == place.0 && draft.thread == Some(id);
        let drafts: Vec<_> = self.drafts.iter().map(|(draft, _)| *draft).filter(is_under).collect();
        self.drafts.remove_all(drafts);
        self.remove_message(place, message);
    }
}

impl RetentionRepository for ModelTx<'_> {
    fn groups(&mut self, after: GroupId, limit: i64) -> Result<Vec<TrimState>, StorageFault> {
        let tables = self.read()?;
        let groups = tables.groups.iter().filter(|(id, row)| **id > after && !row.is_deleted);
        let states = groups.map(|(_, row)| tables.trim_state(&row.group));
        Ok(states.take(usize::try_from(limit).unwrap_or(0)).collect())
    }

    fn find(&mut self, group: GroupId) -> Result<Option<TrimState>, StorageFault> {
        let tables = self.read()?;
        Ok(tables.group(group).map(|group| tables.trim_state(group)))
    }

    fn pinned(&mut self, group: GroupId) -> Result<Vec<Seq>, StorageFault> {
        let tables = self.read()?;
        let pinned = tables.pins.iter().filter(|((of, _), _)| *of == group);
        Ok(pinned.filter_map(|(_, id)| tables.message(*id)).map(Message::history_seq).collect())
    }

    fn aged(&mut self, group: GroupId, span: SeqSpan, limit: i64) -> Result<Vec<AgedMessage>, StorageFault> {
        let tables = self.read()?;
        let aged = |message: &Message| AgedMessage { seq: message.seq, at: message.created_at };
        let found = tables.of_group(group, span).take(usize::try_from(limit).unwrap_or(0));
        Ok(found.map(aged).collect())
    }

    fn count(&mut self, group: GroupId, span: SeqSpan) -> Result<i64, StorageFault> {
        Ok(i64::try_from(self.read()?.spanned(group, span).len()).unwrap_or(i64::MAX))
    }

    /// What is kept is counted.
    fn put(&mut self, group: GroupId, trimmed: &Trimmed, _: i64) -> Result<(), StorageFault> {
        self.write()?.groups.change(&group, |row| row.group.trimmed = *trimmed);
        Ok(())
    }

    fn purge(&mut self, group: GroupId, span: SeqSpan, limit: i64) -> Result<Purged, StorageFault> {
        let tables = self.write()?;
        let found = tables.spanned(group, span);
        let (mut replies, roots): (Vec<_>, Vec<_>) =
            found.into_iter().partition(|(_, message)| message.thread.is_some());
        replies.extend(roots);
        let count = replies.len().min(usize::try_from(limit).unwrap_or(0));
        for (place, message) in &replies[..count] {
            tables.remove_whole(*place, message);
        }
        let messages = i64::try_from(count).unwrap_or(i64::MAX);
        Ok(Purged { messages, is_done: count == replies.len() })
    }
}

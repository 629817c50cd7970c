//! Messages that are sent later, and reminders.

use groupchat_domain::ids::{GroupId, MessageId, UserId};
use groupchat_domain::messages::ClientId;
use groupchat_domain::saved::{OwnReminder, Reminder, ReminderRepository};
use groupchat_domain::scheduled::{
    Failure, NewScheduled, Scheduled, ScheduledId, ScheduledQuery, ScheduledRepository,
};
use groupchat_domain::storage::StorageFault;
use groupchat_domain::time::Timestamp;

use crate::model::state::Tables;
use crate::model::tx::{ModelTx, each_once};

impl Tables {
    /// Removes up to so many messages that were scheduled to a group; how many.
    pub(super) fn remove_scheduled(&mut self, group: GroupId, limit: usize) -> usize {
        let to_group = self.scheduled.iter().filter(|(_, (row, _))| row.new.draft.group == group);
        let picked: Vec<_> = to_group.map(|(id, _)| *id).take(limit).collect();
        self.scheduled.remove_all(picked)
    }

    /// Removes up to so many reminders of a message; how many.
    pub(super) fn remove_reminders(&mut self, message: MessageId, limit: usize) -> usize {
        let keys = self.reminders.iter().map(|(key, _)| *key);
        let picked: Vec<_> = keys.filter(|(_, of)| *of == message).take(limit).collect();
        self.reminders.remove_all(picked)
    }

    /// The messages that wait, with the times at which they are tried, in the order of these.
    fn waiting(&self) -> Vec<(Timestamp, Scheduled)> {
        let rows = self.scheduled.iter().map(|(_, (row, due_at))| (*due_at, row.clone()));
        let mut waiting: Vec<_> = rows.filter(|(_, row)| row.failed.is_none()).collect();
        waiting.sort_by_key(|(due_at, row)| (*due_at, row.id));
        waiting
    }

    fn is_due(&self, id: ScheduledId, now: Timestamp) -> bool {
        self.scheduled.get(&id).is_some_and(|(row, due_at)| row.failed.is_none() && *due_at <= now)
    }

    fn own_reminder(&self, reminder: Reminder) -> Option<OwnReminder> {
        let message = self.messages.get(self.places.get(&reminder.message)?)?;
        Some(OwnReminder { reminder, group: message.group_id, history_seq: message.history_seq() })
    }

    /// The reminders that wait, with the times at which they are tried, in the order of these.
    fn unrung(&self) -> Vec<(Timestamp, UserId, MessageId)> {
        let rows = self.reminders.iter().filter(|(_, (row, _))| !row.is_due);
        let mut waiting: Vec<_> = rows.map(|((user, message), (_, at))| (*at, *user, *message)).collect();
        waiting.sort_unstable();
        waiting
    }
}

impl ScheduledRepository for ModelTx<'_> {
    fn find(&mut self, user: UserId, id: ScheduledId) -> Result<Option<Scheduled>, StorageFault> {
        let found = self.read()?.scheduled.get(&id).map(|(row, _)| row.clone());
        Ok(found.filter(|row| row.new.user == user))
    }

    fn find_by_client_id(
        &mut self,
        user: UserId,
        group: GroupId,
        client_id: &ClientId,
    ) -> Result<Option<Scheduled>, StorageFault> {
        let tables = self.read()?;
        let mut rows = tables.scheduled.iter().map(|(_, (row, _))| row);
        let is_meant = |new: &NewScheduled| {
            new.user == user && new.draft.group == group && new.draft.client_id.as_ref() == Some(client_id)
        };
        Ok(rows.find(|row| is_meant(&row.new)).cloned())
    }

    fn count(&mut self, user: UserId) -> Result<i64, StorageFault> {
        let tables = self.read()?;
        Ok(tables.scheduled.iter().filter(|(_, (row, _))| row.new.user == user).map(|_| 1).sum())
    }

    fn insert(&mut self, new: &NewScheduled) -> Result<ScheduledId, StorageFault> {
        let tables = self.write()?;
        if !tables.groups.contains(&new.draft.group) || !tables.users.contains(&new.user) {
            return Err(self.fail("a scheduled message of nobody, or to no group"));
        }
        let id = ScheduledId::new(tables.scheduled_ids.take());
        tables.scheduled.put(id, (Scheduled { id, new: new.clone(), failed: None }, new.send_at));
        Ok(id)
    }

    fn update(&mut self, scheduled: &Scheduled) -> Result<bool, StorageFault> {
        let tables = self.write()?;
        let is_there = tables.scheduled.contains(&scheduled.id);
        if is_there {
            tables.scheduled.put(scheduled.id, (scheduled.clone(), scheduled.new.send_at));
        }
        Ok(is_there)
    }

    fn remove(&mut self, id: ScheduledId) -> Result<bool, StorageFault> {
        Ok(self.write()?.scheduled.remove(&id).is_some())
    }

    fn list(&mut self, query: &ScheduledQuery) -> Result<Vec<Scheduled>, StorageFault> {
        let tables = self.read()?;
        let rows = tables.scheduled.iter().rev().map(|(_, (row, _))| row);
        let mine = rows.filter(|row| row.new.user == query.user && row.new.draft.group == query.group);
        let before = mine.filter(|row| query.before.is_none_or(|before| row.id < before));
        Ok(before.take(usize::try_from(query.limit.with_lookahead()).unwrap_or(0)).cloned().collect())
    }

    fn due(&mut self, now: Timestamp, limit: i64) -> Result<Vec<Scheduled>, StorageFault> {
        let waiting = self.read()?.waiting().into_iter().filter(|(due_at, _)| *due_at <= now);
        Ok(waiting.map(|(_, row)| row).take(usize::try_from(limit).unwrap_or(0)).collect())
    }

    fn next_due(&mut self) -> Result<Option<Timestamp>, StorageFault> {
        Ok(self.read()?.waiting().first().map(|(due_at, _)| *due_at))
    }

    fn take(&mut self, id: ScheduledId, now: Timestamp) -> Result<Option<Scheduled>, StorageFault> {
        let tables = self.write()?;
        if !tables.is_due(id, now) {
            return Ok(None);
        }
        Ok(tables.scheduled.remove(&id).map(|(row, _)| row))
    }

    fn fail(
        &mut self,
        id: ScheduledId,
        failure: &Failure,
    ) -> Result<Option<(UserId, GroupId)>, StorageFault> {
        let tables = self.write()?;
        if !tables.is_due(id, failure.at) {
            return Ok(None);
        }
        let failed = Some(failure.clone());
        tables.scheduled.change(&id, |(row, _)| row.failed = failed);
        Ok(tables.scheduled.get(&id).map(|(row, _)| (row.new.user, row.new.draft.group)))
    }

    fn postpone(&mut self, id: ScheduledId, until: Timestamp) -> Result<(), StorageFault> {
        self.write()?.scheduled.change(&id, |(_, due_at)| *due_at = until);
        Ok(())
    }

    fn forget(&mut self, user: UserId, limit: i64) -> Result<bool, StorageFault> {
        let (tables, limit) = (self.write()?, usize::try_from(limit).unwrap_or(0));
        let theirs = tables.scheduled.iter().filter(|(_, (row, _))| row.new.user == user);
        let mut theirs: Vec<_> = theirs.map(|(id, (row, _))| (row.new.draft.group, *id)).collect();
        theirs.sort_unstable();
        Ok(tables.scheduled.remove_all(theirs.into_iter().take(limit).map(|(_, id)| id)) < limit)
    }
}

impl ReminderRepository for ModelTx<'_> {
    fn find(&mut self, user: UserId, message: MessageId) -> Result<Option<OwnReminder>, StorageFault> {
        let tables = self.read()?;
        let found = tables.reminders.get(&(user, message));
        Ok(found.and_then(|(reminder, _)| tables.own_reminder(*reminder)))
    }

    fn find_many(&mut self, keys: &[(UserId, MessageId)]) -> Result<Vec<Reminder>, StorageFault> {
        let tables = self.read()?;
        Ok(each_once(keys).filter_map(|key| tables.reminders.get(&key)).map(|(row, _)| *row).collect())
    }

    fn list(&mut self, user: UserId) -> Result<Vec<OwnReminder>, StorageFault> {
        let tables = self.read()?;
        let theirs = tables.reminders.iter().filter(|((of, _), _)| *of == user);
        let mut own: Vec<_> = theirs.filter_map(|(_, (row, _))| tables.own_reminder(*row)).collect();
        own.sort_by_key(|own| (own.reminder.at, own.reminder.message));
        Ok(own)
    }

    fn put(&mut self, reminder: &Reminder) -> Result<(), StorageFault> {
        let tables = self.write()?;
        if !tables.places.contains(&reminder.message) {
            return Err(self.fail("a reminder of no message"));
        }
        tables.reminders.put((reminder.user, reminder.message), (*reminder, reminder.at));
        Ok(())
    }

    fn remove(&mut self, user: UserId, message: MessageId) -> Result<(), StorageFault> {
        self.write()?.reminders.remove(&(user, message));
        Ok(())
    }

    fn due(&mut self, now: Timestamp, limit: i64) -> Result<Vec<(UserId, MessageId)>, StorageFault> {
        let waiting = self.read()?.unrung().into_iter().filter(|(at, ..)| *at <= now);
        let first = waiting.take(usize::try_from(limit).unwrap_or(0));
        Ok(first.map(|(_, user, message)| (user, message)).collect())
    }

    fn next_due(&mut self) -> Result<Option<Timestamp>, StorageFault> {
        Ok(self.read()?.unrung().first().map(|(at, ..)| *at))
    }

    fn ring(
        &mut self,
        user: UserId,
        message: MessageId,
        now: Timestamp,
    ) -> Result<Option<OwnReminder>, StorageFault> {
        let tables = self.write()?;
        let key = (user, message);
        let waits = tables.reminders.get(&key).is_some_and(|(row, at)| !row.is_due && *at <= now);
        if !waits {
            return Ok(None);
        }
        tables.reminders.change(&key, |(row, _)| row.is_due = true);
        ReminderRepository::find(self, user, message)
    }

    fn postpone(&mut self, user: UserId, message: MessageId, until: Timestamp) -> Result<(), StorageFault> {
        self.write()?.reminders.change(&(user, message), |(_, at)| *at = until);
        Ok(())
    }

    fn forget(&mut self, user: UserId) -> Result<(), StorageFault> {
        let tables = self.write()?;
        let keys = tables.reminders.iter().map(|(key, _)| *key);
        let theirs: Vec<_> = keys.filter(|(of, _)| *of == user).collect();
        tables.reminders.remove_all(theirs);
        Ok(())
    }
}

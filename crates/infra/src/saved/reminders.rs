//! Reminders.

use diesel::prelude::*;
use groupchat_domain::ids::{MessageId, UserId};
use groupchat_domain::saved::{MAX_REMINDERS, OwnReminder, Reminder, ReminderRepository};
use groupchat_domain::storage::StorageFault;
use groupchat_domain::time::Timestamp;

use crate::connection::on_backend;
use crate::messages::repository::PlaceRow;
use crate::schema::{messages, reminders};
use crate::sql::keys::among_pairs;
use crate::tx::DbTx;

#[derive(Queryable, Selectable)]
#[diesel(table_name = reminders)]
struct ReminderRow {
    user_id: i64,
    message_id: i64,
    remind_at: i64,
    is_due: bool,
    created_at: i64,
}

impl From<ReminderRow> for Reminder {
    fn from(row: ReminderRow) -> Self {
        Self {
            user: UserId::new(row.user_id),
            message: MessageId::new(row.message_id),
            at: Timestamp::from_micros(row.remind_at),
            is_due: row.is_due,
            created_at: Timestamp::from_micros(row.created_at),
        }
    }
}

/// A reminder with the place of its message.
type OwnRow = (ReminderRow, PlaceRow);

fn own((row, message): OwnRow) -> OwnReminder {
    let (group, history_seq) = (message.group(), message.history_seq());
    OwnReminder { reminder: row.into(), group, history_seq }
}

impl ReminderRepository for DbTx<'_> {
    fn find(&mut self, user: UserId, message: MessageId) -> Result<Option<OwnReminder>, StorageFault> {
        let found = reminders::table
            .inner_join(messages::table.on(messages::id.eq(reminders::message_id)))
            .filter(reminders::user_id.eq(user.get()))
            .filter(reminders::message_id.eq(message.get()));
        let row: Option<OwnRow> = on_backend!(self, |connection| found
            .select(<(ReminderRow, PlaceRow)>::as_select())
            .first(connection)
            .optional())?;
        Ok(row.map(own))
    }

    fn find_many(&mut self, keys: &[(UserId, MessageId)]) -> Result<Vec<Reminder>, StorageFault> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let pairs = keys.iter().map(|(user, message)| (user.get(), message.get())).collect();
        let found = reminders::table.filter(among_pairs((reminders::user_id, reminders::message_id), pairs));
        let rows: Vec<ReminderRow> =
            on_backend!(self, |connection| found.select(ReminderRow::as_select()).load(connection))?;
        Ok(rows.into_iter().map(Reminder::from).collect())
    }

    fn list(&mut self, user: UserId) -> Result<Vec<OwnReminder>, StorageFault> {
        let listed = reminders::table
            .inner_join(messages::table.on(messages::id.eq(reminders::message_id)))
            .filter(reminders::user_id.eq(user.get()))
            .limit(MAX_REMINDERS);
        let rows: Vec<OwnRow> = on_backend!(self, |connection| listed
            .select(<(ReminderRow, PlaceRow)>::as_select())
            .load(connection))?;
        let mut all: Vec<_> = rows.into_iter().map(own).collect();
        // There are few, and no index for this order.
        all.sort_by_key(|own| (own.reminder.at, own.reminder.message));
        Ok(all)
    }

    fn put(&mut self, reminder: &Reminder) -> Result<(), StorageFault> {
        let content = (
            reminders::remind_at.eq(reminder.at.as_micros()),
            reminders::due_at.eq(reminder.at.as_micros()),
            reminders::is_due.eq(reminder.is_due),
            reminders::created_at.eq(reminder.created_at.as_micros()),
        );
        let key =
            (reminders::user_id.eq(reminder.user.get()), reminders::message_id.eq(reminder.message.get()));
        let row = diesel::insert_into(reminders::table)
            .values((key, content))
            .on_conflict((reminders::user_id, reminders::message_id))
            .do_update()
            .set(content);
        on_backend!(self, |connection| row.execute(connection)).map(drop)
    }

    fn remove(&mut self, user: UserId, message: MessageId) -> Result<(), StorageFault> {
        let row = reminders::table.find((user.get(), message.get()));
        on_backend!(self, |connection| diesel::delete(row).execute(connection)).map(drop)
    }

    fn due(&mut self, now: Timestamp, limit: i64) -> Result<Vec<(UserId, MessageId)>, StorageFault> {
        let due = reminders::table
            .filter(diesel::dsl::not(reminders::is_due))
            .filter(reminders::due_at.le(now.as_micros()))
            .order((reminders::due_at, reminders::user_id, reminders::message_id))
            .limit(limit)
            .select((reminders::user_id, reminders::message_id));
        let rows: Vec<(i64, i64)> = on_backend!(self, |connection| due.load(connection))?;
        Ok(rows.into_iter().map(|(user, message)| (UserId::new(user), MessageId::new(message))).collect())
    }

    fn next_due(&mut self) -> Result<Option<Timestamp>, StorageFault> {
        let next = reminders::table
            .filter(diesel::dsl::not(reminders::is_due))
            // Says that the index is searched, not walked.
            .filter(reminders::due_at.gt(i64::MIN))
            .order((reminders::due_at, reminders::user_id, reminders::message_id))
            .select(reminders::due_at);
        let next: Option<i64> = on_backend!(self, |connection| next.first(connection).optional())?;
        Ok(next.map(Timestamp::from_micros))
    }

    fn ring(
        &mut self,
        user: UserId,
        message: MessageId,
        now: Timestamp,
    ) -> Result<Option<OwnReminder>, StorageFault> {
        let waits = reminders::table
            .find((user.get(), message.get()))
            .filter(diesel::dsl::not(reminders::is_due))
            .filter(reminders::due_at.le(now.as_micros()));
        let rung = diesel::update(waits).set(reminders::is_due.eq(true));
        if on_backend!(self, |connection| rung.execute(connection))? == 0 {
            return Ok(None);
        }
        ReminderRepository::find(self, user, message)
    }

    fn postpone(&mut self, user: UserId, message: MessageId, until: Timestamp) -> Result<(), StorageFault> {
        let row = reminders::table.find((user.get(), message.get()));
        let change = diesel::update(row).set(reminders::due_at.eq(until.as_micros()));
        on_backend!(self, |connection| change.execute(connection)).map(drop)
    }

    fn forget(&mut self, user: UserId) -> Result<(), StorageFault> {
        let all = reminders::table.filter(reminders::user_id.eq(user.get()));
        on_backend!(self, |connection| diesel::delete(all).execute(connection)).map(drop)
    }
}

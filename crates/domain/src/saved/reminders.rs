//! Being reminded of messages.

use std::collections::HashMap;

use crate::accounts::{Actor, LockStrength};
use crate::error::Error;
use crate::events::{Event, ReminderUpdate};
use crate::ids::{GroupId, MessageId, UserId};
use crate::messages::{MessageView, Readable, attach, lock_anywhere};
use crate::paging::{Limit, Page};
use crate::saved::error::SavedRefusal;
use crate::saved::reminder::{MAX_REMINDERS, OwnReminder, Reminder};
use crate::storage::Tx;
use crate::text::TextBytes;
use crate::time::Timestamp;
use crate::validation::within_a_year;

/// A reminder, and its message as the user may see it now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReminderView {
    /// The reminder.
    pub reminder: Reminder,
    /// The message, or its tombstone; `None` if the user can't read it now.
    pub view: Option<MessageView>,
}

impl TextBytes for ReminderView {
    fn text_bytes(&self) -> usize {
        self.view.text_bytes()
    }
}

/// Has the actor reminded of a message that they may read, whatever its group, at a time. A reminder of the message that is there
/// gets this time, and waits again. Only the actor's devices are told.
///
/// # Errors
/// [`MessageRefusal::NotFound`](crate::messages::MessageRefusal::NotFound), [`SavedRefusal::TooManyReminders`], an invalid `at` that
/// is not in the future, or more than a year away, or a fault.
pub fn put_reminder(
    tx: &mut dyn Tx,
    actor: &Actor,
    message: MessageId,
    at: Timestamp,
) -> Result<ReminderView, Error> {
    let view = lock_anywhere(tx, actor, message)?;
    let (user, now) = (actor.id(), tx.now());
    tx.accounts().lock(&[user], LockStrength::Exclusive)?;
    let before = tx.reminders().find(user, message)?.map(|own| own.reminder);
    if let Some(before) = before.filter(|before| before.at == at && !before.is_due) {
        return Ok(ReminderView { reminder: before, view: Some(view) });
    }
    within_a_year(at, now).map_err(|violation| violation.in_field("at"))?;
    let is_new = before.is_none();
    let held = if is_new { tx.reminders().list(user)?.len() } else { 0 };
    if i64::try_from(held).is_ok_and(|held| held >= MAX_REMINDERS) {
        return Err(SavedRefusal::TooManyReminders.into());
    }
    let created_at = before.map_or(now, |before| before.created_at);
    let reminder = Reminder { user, message, at, is_due: false, created_at };
    tx.reminders().put(&reminder)?;
    tell(tx, actor, view.message.group_id, message, Some(reminder));
    Ok(ReminderView { reminder, view: Some(view) })
}

/// Removes the actor's reminder of a message, also of one that the actor can't read any more. Where there is none, nothing
/// changes.
///
/// # Errors
/// A fault.
pub fn remove_reminder(tx: &mut dyn Tx, actor: &Actor, message: MessageId) -> Result<(), Error> {
    tx.accounts().lock(&[actor.id()], LockStrength::Exclusive)?;
    let found = tx.reminders().find(actor.id(), message)?;
    // To a session for other groups, there is none.
    let Some(own) = found.filter(|own| actor.reaches(own.group)) else { return Ok(()) };
    tx.reminders().remove(actor.id(), message)?;
    tell(tx, actor, own.group, message, None);
    Ok(())
}

fn tell(tx: &mut dyn Tx, actor: &Actor, group: GroupId, message: MessageId, reminder: Option<Reminder>) {
    let update = ReminderUpdate { user: actor.id(), group, message, reminder };
    tx.emit(Some(actor.id()), Event::ReminderUpdated(update));
}

/// A page of the actor's reminders in the order of their times, those that are due among them, after this one. One whose message
/// can't be read now is there without it. There are so few that all are looked at, with a constant number of queries.
///
/// # Errors
/// A fault.
pub fn list_reminders(
    tx: &mut dyn Tx,
    actor: &Actor,
    after: Option<(Timestamp, MessageId)>,
    limit: Limit,
) -> Result<Page<ReminderView>, Error> {
    let mut found = tx.reminders().list(actor.id())?;
    found.retain(|own| {
        let place = (own.reminder.at, own.reminder.message);
        actor.reaches(own.group) && after.is_none_or(|after| place > after)
    });
    found.truncate(usize::try_from(limit.with_lookahead()).unwrap_or(usize::MAX));
    let readable = Readable::load(tx, actor, found.iter().map(|own| own.group))?;
    let may_read = |own: &&OwnReminder| readable.contains(own.group, own.history_seq);
    let ids: Vec<_> = found.iter().filter(may_read).map(|own| own.reminder.message).collect();
    let views = if ids.is_empty() { Vec::new() } else { tx.messages().views(&ids, actor.id())? };
    let mut views: HashMap<_, _> = views.into_iter().map(|view| (view.message.id, view)).collect();
    let shown = found
        .into_iter()
        .map(|OwnReminder { reminder, .. }| ReminderView { view: views.remove(&reminder.message), reminder });
    let mut page = Page::from_lookahead(shown.collect(), limit);
    attach(tx, actor, readable, page.items.iter_mut().filter_map(|item| item.view.as_mut()))?;
    Ok(page)
}

/// Reminds a user whose time has come, once. A reminder that is gone by now, or that somebody else has seen to, is left alone.
pub(crate) fn remind(tx: &mut dyn Tx, user: UserId, message: MessageId) -> Result<(), Error> {
    let now = tx.now();
    if let Some(OwnReminder { reminder, group, .. }) = tx.reminders().ring(user, message, now)? {
        let update = ReminderUpdate { user, group, message, reminder: Some(reminder) };
        tx.emit(None, Event::ReminderDue(update));
    }
    Ok(())
}

#[cfg(test)]
mod tests;

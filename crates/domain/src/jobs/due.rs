//! Does what is due at a time of its own: messages that were scheduled, reminders. Nothing is enqueued for it: what has a time says
//! itself when it is due, and whoever does it removes it, or marks it as done, in the same transaction. So it is done once,
//! whatever the clock says afterwards, and however many servers look.

use std::fmt;
use std::time::Duration;

use crate::error::{Error, Refusal};
use crate::events::LiveEvents;
use crate::ids::{MessageId, UserId};
use crate::saved::remind;
use crate::scheduled::{Scheduled, ScheduledId, Sending, send_due};
use crate::storage::{Access, Caller, DiskSpace, Mode, Storage, Tx};

/// How much of a kind is looked for at once.
const AT_ONCE: i64 = 20;

/// How long what the storage fails to do is put off, so that it doesn't keep others from their turn.
const RETRY_AFTER: Duration = Duration::from_secs(60);

const READ: Access = Access { mode: Mode::Read, caller: Caller::System };
const WRITE: Access = Access { mode: Mode::Write, caller: Caller::System };

/// What the runner takes.
pub struct DuePorts<'a> {
    /// The database.
    pub storage: &'a dyn Storage,
    /// Knows who is online.
    pub live: &'a dyn LiveEvents,
    /// What a refusal is called where clients are told of it.
    pub name_of: &'a (dyn Fn(&Refusal) -> &'static str + Send + Sync),
}

/// Something whose time has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    /// A message that was scheduled.
    Message(ScheduledId),
    /// A reminder of this user of this message.
    Reminder(UserId, MessageId),
}

impl fmt::Display for Due {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Message(id) => write!(f, "scheduled message {id}"),
            Self::Reminder(user, message) => write!(f, "reminder of message {message} for user {user}"),
        }
    }
}

/// What was found to be due, and how long it is until something is due next.
struct Found {
    reminders: Vec<(UserId, MessageId)>,
    messages: Vec<Scheduled>,
    next: Option<Duration>,
}

/// What came of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DueRun {
    /// The messages that were sent.
    pub sent: Vec<MessageId>,
    /// How long it is until something is due next; `None` if nothing waits.
    pub next: Option<Duration>,
}

/// Does all that is due now, until nothing is left. What
/// fails is put off for a minute, and reported to `on_failure`. While the disk is nearly full, nothing is done.
///
/// # Errors
/// A fault that would make the others fail, too.
pub async fn run_due(ports: &DuePorts<'_>, on_failure: impl Fn(Due, &Error)) -> Result<DueRun, Error> {
    let mut sent = Vec::new();
    loop {
        if ports.storage.disk_space().is_some_and(DiskSpace::is_nearly_full) {
            return Ok(DueRun { sent, next: Some(RETRY_AFTER) });
        }
        let Found { reminders, messages, next } = ports.storage.run(READ, look).await?;
        if reminders.is_empty() && messages.is_empty() {
            return Ok(DueRun { sent, next });
        }
        for (user, message) in reminders {
            let done = ports.storage.run(WRITE, move |tx| remind(tx, user, message)).await;
            settle(ports, Due::Reminder(user, message), done, &on_failure).await?;
        }
        let sending = Sending { storage: ports.storage, name_of: ports.name_of };
        for scheduled in messages {
            let (id, online) = (scheduled.id, scheduled.new.draft.online(ports.live));
            let done = send_due(&sending, id, online).await.map(|message| sent.extend(message));
            settle(ports, Due::Message(id), done, &on_failure).await?;
        }
    }
}

fn look(tx: &mut dyn Tx) -> Result<Found, Error> {
    let now = tx.now();
    let (reminders, messages) = (tx.reminders().due(now, AT_ONCE)?, tx.scheduled().due(now, AT_ONCE)?);
    let mut next = None;
    if reminders.is_empty() && messages.is_empty() {
        let times = [tx.reminders().next_due()?, tx.scheduled().next_due()?];
        next = times.into_iter().flatten().min().map(|next| next.saturating_duration_since(now));
    }
    Ok(Found { reminders, messages, next })
}

/// Puts off what has failed.
async fn settle(
    ports: &DuePorts<'_>,
    due: Due,
    outcome: Result<(), Error>,
    on_failure: &impl Fn(Due, &Error),
) -> Result<(), Error> {
    let Err(error) = outcome else { return Ok(()) };
    on_failure(due, &error);
    ports.storage.run(WRITE, move |tx| postpone(tx, due)).await
}

fn postpone(tx: &mut dyn Tx, due: Due) -> Result<(), Error> {
    let until = tx.now().plus(RETRY_AFTER);
    match due {
        Due::Message(id) => tx.scheduled().postpone(id, until)?,
        Due::Reminder(user, message) => tx.reminders().postpone(user, message, until)?,
    }
    Ok(())
}

#[cfg(test)]
mod tests;

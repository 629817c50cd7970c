//! Does what is due at a time of its own in the background: messages that were scheduled, reminders, and what polls do by
//! themselves.

use std::sync::Arc;
use std::time::Duration;

use groupchat_api::problem::Code;
use groupchat_domain::Refusal;
use groupchat_domain::events::{Event, LiveEvents, LoggedEvent};
use groupchat_domain::jobs::{DuePorts, run_due};
use groupchat_domain::polls::settle_all;
use groupchat_domain::storage::Storage;

use crate::runner::{Signal, repeat};

/// How long to sleep at most: the clock may be set forward meanwhile.
const LONGEST_SLEEP: Duration = Duration::from_secs(10);

/// The same for polls: another server may have stopped since it was told of a poll.
const LONGEST_SLEEP_OF_POLLS: Duration = Duration::from_secs(1);

/// Whether an event may mean that a message or a reminder is due earlier than was known. Every server hears of it, whichever one
/// did it.
pub(crate) const fn may_be_sooner(event: &LoggedEvent) -> bool {
    matches!(event.event, Event::ScheduledUpdated(_) | Event::ReminderUpdated(_))
}

/// Sends messages and reminds at their times, also of what became due while no server was there, until it is dropped.
pub(crate) async fn run(storage: Arc<dyn Storage>, live: Arc<dyn LiveEvents>, signal: Arc<Signal>) {
    let name_of = |refusal: &Refusal| Code::of_refusal(refusal).as_str();
    let ports = DuePorts { storage: &*storage, live: &*live, name_of: &name_of };
    let send_and_remind = async || {
        let run = run_due(&ports, |due, error| {
            tracing::warn!(%due, %error, "what is due failed and was postponed");
        })
        .await?;
        if !run.sent.is_empty() {
            tracing::debug!(messages = run.sent.len(), "sent scheduled messages");
        }
        Ok(run.next.map_or(LONGEST_SLEEP, |next| next.min(LONGEST_SLEEP)))
    };
    repeat("sending scheduled messages and reminding", signal, send_and_remind).await;
}

/// Closes polls at their times, and tells votes that were not told at once, until it is dropped. It waits for nothing else that is
/// due.
pub(crate) async fn run_polls(storage: Arc<dyn Storage>, signal: Arc<Signal>) {
    let settle = async || {
        let next = settle_all(&*storage).await?;
        Ok(next.map_or(LONGEST_SLEEP_OF_POLLS, |next| next.min(LONGEST_SLEEP_OF_POLLS)))
    };
    repeat("closing polls and telling votes", signal, settle).await;
}

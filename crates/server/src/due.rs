//! Does what is due at a time of its own in the background: messages that were scheduled, reminders.

use std::sync::Arc;
use std::time::Duration;

use groupchat_api::problem::Code;
use groupchat_domain::events::{Event, LiveEvents, LoggedEvent};
use groupchat_domain::jobs::{DuePorts, run_due};
use groupchat_domain::storage::Storage;

use crate::jobs::JobSignal;
use crate::panic_guard::guarded;

/// How long to sleep at most: the clock may be set forward meanwhile.
const LONGEST_SLEEP: Duration = Duration::from_secs(10);

/// How long to wait after a failure.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// Whether an event may mean that something is due earlier than was known. Every server hears of it, whichever one did it.
pub(crate) const fn may_be_sooner(event: &LoggedEvent) -> bool {
    matches!(event.event, Event::ScheduledUpdated(_) | Event::ReminderUpdated(_))
}

/// Does what is due at its time, also what became due while no server was there, until it is dropped. Dropping it between two
/// commands loses nothing.
pub(crate) async fn run(storage: Arc<dyn Storage>, live: Arc<dyn LiveEvents>, signal: Arc<JobSignal>) {
    loop {
        let name_of = |refusal: &groupchat_domain::Refusal| Code::of_refusal(refusal).as_str();
        let ports = DuePorts { storage: storage.as_ref(), live: live.as_ref(), name_of: &name_of };
        let outcome = guarded(run_due(&ports, |due, error| {
            tracing::warn!(%due, %error, "what is due failed and was postponed");
        }));
        let wait = match outcome.await {
            Some(Ok(run)) => {
                if !run.sent.is_empty() {
                    tracing::debug!(messages = run.sent.len(), "sent scheduled messages");
                }
                run.next.map_or(LONGEST_SLEEP, |next| next.min(LONGEST_SLEEP))
            }
            Some(Err(error)) => {
                tracing::warn!(%error, "can't do what is due at the moment");
                RETRY_AFTER
            }
            None => {
                tracing::error!("doing what is due panicked");
                RETRY_AFTER
            }
        };
        signal.wait(wait).await;
    }
}

#[cfg(test)]
mod tests {
    use groupchat_infra::clock::SystemClock;
    use groupchat_infra::{HubOptions, LocalHub};

    use super::*;
    use crate::panic_guard::BrokenStorage;

    #[tokio::test]
    async fn a_panic_does_not_end_the_runner() {
        let (storage, signal) = (Arc::<BrokenStorage>::default(), Arc::<JobSignal>::default());
        let hub = LocalHub::new(HubOptions::default(), Arc::new(SystemClock));
        let runner = tokio::spawn(run(storage.clone(), Arc::new(hub), signal.clone()));
        for _ in 0..3 {
            storage.tried(1).await;
            signal.wake();
        }
        assert!(!runner.is_finished());
        runner.abort();
    }
}

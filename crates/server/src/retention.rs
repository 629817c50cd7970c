//! Removes messages for their age in the background: at the start, every hour, and when somebody has changed how long they stay.

mod command;

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use groupchat_domain::events::{Event, LoggedEvent};
use groupchat_domain::retention::{RetentionBy, RetentionTerms, run_retention};
use groupchat_domain::storage::Storage;

use crate::maintenance::TrustedClock;
use crate::runner::{Signal, repeat};

pub(crate) use command::{RetentionCommand, run as run_command};

/// How often to look.
const INTERVAL: Duration = Duration::from_secs(3600);

/// Between two steps others get a turn.
const BETWEEN_STEPS: Duration = Duration::from_millis(20);

/// How long to wait before each run: whoever changes groups again and again must not keep it busy.
const BETWEEN_RUNS: Duration = Duration::from_secs(1);

/// Whether an event may mean that messages of a group stay for a shorter time than before. Every server hears of it, whichever one
/// did it.
pub(crate) fn may_be_sooner(event: &LoggedEvent, terms: &RetentionTerms) -> bool {
    let Event::GroupUpdated(update) = &event.event else { return false };
    update.group.retention.is_some() || terms.age.is_some()
}

/// What it works on.
pub(crate) struct RetentionRunner {
    /// The database.
    pub storage: Arc<dyn Storage>,
    /// Whether what is old by the clock may go.
    pub trust: TrustedClock,
    /// How long messages stay. May be replaced at any time.
    pub terms: Arc<ArcSwap<RetentionTerms>>,
    /// Wakes it.
    pub signal: Arc<Signal>,
}

impl RetentionRunner {
    /// Works until it is dropped. Dropping it between two commands loses nothing: the next run goes on.
    pub(crate) async fn run(self) {
        let Self { storage, trust, terms, signal } = self;
        let remove = async || {
            tokio::time::sleep(BETWEEN_RUNS).await;
            let (trust, terms) = (trust.clone(), terms.clone());
            let terms = move || **terms.load();
            let believes = move |now| trust.believes(now);
            let pause = || tokio::time::sleep(BETWEEN_STEPS);
            let run = run_retention(&*storage, terms, RetentionBy::Server, believes, pause).await?;
            if run.messages > 0 {
                tracing::info!(messages = run.messages, groups = run.groups, "removed old messages");
            }
            Ok(INTERVAL)
        };
        repeat("removing old messages", signal, remove).await;
    }
}

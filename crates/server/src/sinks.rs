//! Publishes committed events to the hub, and wakes the runners of jobs and of polls.

use std::sync::Arc;

use arc_swap::ArcSwap;
use groupchat_domain::events::LoggedEvent;
use groupchat_domain::retention::RetentionTerms;
use groupchat_domain::storage::EventSink;
use groupchat_infra::LocalHub;

use crate::runner::Signal;
use crate::{due, retention};

/// Tells the runners in the background and those who listen.
pub(crate) struct Sinks {
    /// Wakes the job runner.
    pub jobs: Arc<Signal>,
    /// Wakes the runner of what is due.
    pub due: Arc<Signal>,
    /// Wakes the runner of polls.
    pub polls: Arc<Signal>,
    /// Wakes the runner that removes old messages.
    pub retention: Arc<Signal>,
    /// How long messages stay.
    pub retention_terms: Arc<ArcSwap<RetentionTerms>>,
    /// Tells those who listen.
    pub hub: LocalHub,
}

impl EventSink for Sinks {
    fn publish(&self, events: &[LoggedEvent]) {
        self.hub.publish(events);
        if events.iter().any(due::may_be_sooner) {
            self.due.wake();
        }
        if events.iter().any(|event| retention::may_be_sooner(event, &self.retention_terms.load())) {
            self.retention.wake();
        }
    }

    fn jobs_enqueued(&self) {
        self.jobs.wake();
        self.polls.wake();
    }
}

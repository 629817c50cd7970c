//! Publishes committed events to the hub and to the job runner.

use std::sync::Arc;

use groupchat_domain::events::LoggedEvent;
use groupchat_domain::storage::EventSink;
use groupchat_infra::LocalHub;

use crate::jobs::JobSignal;

/// Tells the job runner and those who listen.
pub(crate) struct Sinks {
    /// Wakes the job runner.
    pub jobs: Arc<JobSignal>,
    /// Tells those who listen.
    pub hub: LocalHub,
}

impl EventSink for Sinks {
    fn publish(&self, events: &[LoggedEvent]) {
        self.hub.publish(events);
    }

    fn jobs_enqueued(&self) {
        self.jobs.wake();
    }
}

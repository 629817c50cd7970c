//! The hub's options.

use std::time::Duration;

/// The hub's limits, and how often it polls the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HubOptions {
    /// Deliveries that may be queued for one listener.
    pub queue: usize,
    /// Bytes of event text that may be queued for one listener. Listeners share events, so the listeners of one group
    /// or user together keep hardly more than the slowest of them. The limit must allow a burst of a hundred of the
    /// longest messages. It isn't a setting, because a smaller one would save little.
    pub queue_bytes: usize,
    /// Logged events that are kept for a listener until it is authorized.
    pub unauthorized_queue: usize,
    /// Bytes of text of these events.
    pub unauthorized_queue_bytes: usize,
    /// Events that may be queued for broadcast. Events that don't fit are read from the log.
    pub inbox: usize,
    /// How often the log is polled for events of other processes, and the trackers for users who have gone.
    pub poll_interval: Duration,
}

impl Default for HubOptions {
    fn default() -> Self {
        Self {
            queue: 512,
            queue_bytes: 4 << 20,
            unauthorized_queue: 4_096,
            unauthorized_queue_bytes: 4 << 20,
            inbox: 1_024,
            poll_interval: Duration::from_secs(1),
        }
    }
}

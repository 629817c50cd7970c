//! What the hub may keep.

use std::time::Duration;

/// The hub's limits, and how often it polls the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HubOptions {
    /// Deliveries that wait for one listener.
    pub queue: usize,
    /// Bytes of text of events that wait for one listener. Listeners share the events, of which there is one copy each:
    /// those of one group or user together keep hardly more than the one that is furthest behind. So this need not be
    /// smaller than what a burst of a hundred of the longest messages takes, and is no setting.
    pub queue_bytes: usize,
    /// Logged events that are kept for a subscriber until it is authorized.
    pub unauthorized_queue: usize,
    /// Bytes of their text.
    pub unauthorized_queue_bytes: usize,
    /// Events that wait to be broadcast. What does not fit is read from the log.
    pub inbox: usize,
    /// How often the log is polled for events of other processes, and the clock for users who have gone.
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

//! What the hub may keep.

use std::time::Duration;

/// How much the hub keeps for those who are slower than it, and how often it looks by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HubOptions {
    /// Deliveries that wait for one listener.
    pub queue: usize,
    /// Bytes of text of events that wait for one listener. Listeners share the events, of which there is one copy each:
    /// those of one group or user together keep hardly more than the one that is furthest behind. So this need not be
    /// smaller than what a burst of a hundred of the longest messages takes, and is no setting.
    pub queue_bytes: usize,
    /// Events of the log that are kept for a listener until it is said who listens.
    pub before_admission: usize,
    /// Bytes of their text.
    pub before_admission_bytes: usize,
    /// Events that wait to be handed out. What does not fit is read from the log.
    pub inbox: usize,
    /// How often the log is looked at for what nobody told, which is events of another process, and the clock for who
    /// is no longer there.
    pub look_every: Duration,
}

impl Default for HubOptions {
    fn default() -> Self {
        Self {
            queue: 512,
            queue_bytes: 4 << 20,
            before_admission: 4_096,
            before_admission_bytes: 4 << 20,
            inbox: 1_024,
            look_every: Duration::from_secs(1),
        }
    }
}

//! Timing: heartbeats, and the delay before a client reconnects.

use std::time::Duration;

use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at};

/// The maximum reconnection delay, in milliseconds.
const MAX_DELAY: u64 = 5_000;

/// The minimum, so that a restarting server is up again.
const MIN_DELAY: u64 = 500;

/// How long a client may read nothing before it counts as too slow. Measured for each frame of a socket and each piece
/// of a stream, from when the maximum is queued. A socket is told the reason with the close frame; a stream just ends.
pub(crate) const WRITE_TIMEOUT: Duration = Duration::from_secs(10);

/// A random reconnection delay, so that clients don't all reconnect at the same time.
pub(super) fn reconnect_delay() -> Duration {
    let mut bits = [0; 8];
    // Without randomness all clients reconnect at the same time, which is no reason to fail.
    let _ = getrandom::fill(&mut bits);
    Duration::from_millis(MIN_DELAY + u64::from_ne_bytes(bits) % (MAX_DELAY - MIN_DELAY))
}

/// The heartbeats of a connection. A delayed one doesn't cause missed ones to be sent.
pub(super) fn heartbeats(every: Duration) -> Interval {
    let mut heartbeats = interval_at(Instant::now() + every, every);
    heartbeats.set_missed_tick_behavior(MissedTickBehavior::Delay);
    heartbeats
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn reconnection_delays_differ_within_limits() {
        let times: HashSet<_> = (0..100).map(|_| reconnect_delay()).collect();
        assert!(times.len() > 50);
        assert!(times.iter().all(|time| (MIN_DELAY..MAX_DELAY).contains(&(time.as_millis() as u64))));
    }
}

//! Timing: heartbeats, and the delay before a client reconnects.

use std::time::Duration;

use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at};

/// The longest that a client is asked to wait before it comes back, in milliseconds.
const MAX_DELAY: u64 = 5_000;

/// The least, so that a server that restarts is there again.
const MIN_DELAY: u64 = 500;

/// How long a client may take none of what it is told before it counts as too slow: counted again for each frame of a
/// socket and each piece of a stream, from when as many wait for it as are kept. A socket is told why it ends, a stream
/// that is given up just ends.
pub(crate) const WRITE_TIMEOUT: Duration = Duration::from_secs(10);

/// When a client should come back: each at another time, so that they don't all come at once.
pub(super) fn reconnect_delay() -> Duration {
    let mut bits = [0; 8];
    // Without randomness all come back at the same time, which is no reason to fail.
    let _ = getrandom::fill(&mut bits);
    Duration::from_millis(MIN_DELAY + u64::from_ne_bytes(bits) % (MAX_DELAY - MIN_DELAY))
}

/// The signs of life of a connection. One that was held up does not make up for those it missed.
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
    fn clients_come_back_at_different_times_within_bounds() {
        let times: HashSet<_> = (0..100).map(|_| reconnect_delay()).collect();
        assert!(times.len() > 50);
        assert!(times.iter().all(|time| (MIN_DELAY..MAX_DELAY).contains(&(time.as_millis() as u64))));
    }
}

//! Timing: heartbeats, and the delay before a client reconnects.

use std::time::Duration;

use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at};

/// The longest that a client is asked to wait before it comes back, in milliseconds.
const SPREAD: u64 = 5_000;

/// The least, so that a server that restarts is there again.
const LEAST: u64 = 500;

/// How long a client may take none of what it is told before it counts as too slow: counted again for each frame of a
/// socket and each piece of a stream, from when as many wait for it as are kept. A socket is told why it ends, a stream
/// that is given up just ends.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// When a client should come back: each at another time, so that they don't all come at once.
pub(super) fn come_back_after() -> Duration {
    let mut bits = [0; 8];
    // Without randomness all come back at the same time, which is no reason to fail.
    let _ = getrandom::fill(&mut bits);
    Duration::from_millis(LEAST + u64::from_ne_bytes(bits) % (SPREAD - LEAST))
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
        let times: HashSet<_> = (0..100).map(|_| come_back_after()).collect();
        assert!(times.len() > 50);
        assert!(times.iter().all(|time| (LEAST..SPREAD).contains(&(time.as_millis() as u64))));
    }
}

//! The clock of the operating system.

use std::sync::LazyLock;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use groupchat_domain::time::{Clock, Timestamp};

/// When this process first asked how much time had passed.
static START: LazyLock<Instant> = LazyLock::new(Instant::now);

/// Tells the time of the operating system's clock, and how much has passed by its monotonic one.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        timestamp(SystemTime::now())
    }

    fn steady(&self) -> Duration {
        START.elapsed()
    }
}

/// A system time in microseconds since the Unix epoch, negative before it. Saturates after some 290,000 years.
fn timestamp(time: SystemTime) -> Timestamp {
    let epoch = Timestamp::from_micros(0);
    match time.duration_since(UNIX_EPOCH) {
        Ok(after) => epoch.plus(after),
        Err(before) => epoch.minus(before.duration()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_counted_in_microseconds_from_the_epoch() {
        let offset = Duration::from_micros(1_500_000);
        assert_eq!(timestamp(UNIX_EPOCH + offset), Timestamp::from_micros(1_500_000));
        assert_eq!(timestamp(UNIX_EPOCH - offset), Timestamp::from_micros(-1_500_000));
    }

    #[test]
    fn the_clock_runs_with_that_of_the_system() {
        let before = timestamp(SystemTime::now());
        let told = SystemClock.now();
        let after = timestamp(SystemTime::now());
        // A second of slack, since the system's clock may be set while the test runs.
        let slack = Duration::from_secs(1);
        assert!(before.minus(slack) <= told && told <= after.plus(slack));
    }
}

//! The clock of the operating system.

use std::time::{SystemTime, UNIX_EPOCH};

use groupchat_domain::time::{Clock, Timestamp};

/// Tells the time of the operating system's clock. It jumps when that clock is set, so it is for recording
/// when something happened, not for measuring how long something took.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        timestamp(SystemTime::now())
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
    use std::time::Duration;

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

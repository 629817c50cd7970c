//! Slow mode: how long members wait between their messages.

use std::time::Duration;

use crate::time::Timestamp;
use crate::validation::{Violation, ViolationCode};

/// How long members wait between their messages, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SlowMode(u16);

impl SlowMode {
    /// Members don't wait.
    pub const OFF: Self = Self(0);
    /// The longest wait in seconds: six hours.
    pub const MAX_SECONDS: u16 = 21_600;

    /// Checks a number of seconds.
    ///
    /// # Errors
    /// [`ViolationCode::OutOfRange`] unless it is 0 to [`MAX_SECONDS`](Self::MAX_SECONDS).
    pub fn parse(seconds: i64) -> Result<Self, Violation> {
        match u16::try_from(seconds) {
            Ok(seconds) if seconds <= Self::MAX_SECONDS => Ok(Self(seconds)),
            _ => {
                let detail = format!("must be 0 to {}, is {seconds}", Self::MAX_SECONDS);
                Err(Violation::new(ViolationCode::OutOfRange, detail))
            }
        }
    }

    /// The number of seconds.
    pub const fn seconds(self) -> i64 {
        self.0 as i64
    }

    /// How long a member has still to wait who last sent a message, or else joined, at that time; `None` for one who
    /// may send. A time in the future comes from a clock that was wrong, and counts as long past.
    pub fn wait(self, last_sent_at: Timestamp, now: Timestamp) -> Option<Duration> {
        let until = last_sent_at.plus(Duration::from_secs(self.0.into()));
        if last_sent_at > now || until <= now {
            return None;
        }
        Some(until.saturating_duration_since(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::NOW;

    #[test]
    fn a_wait_is_at_most_six_hours() {
        for seconds in [0, 1, 21_600] {
            assert_eq!(SlowMode::parse(seconds).unwrap().seconds(), seconds);
        }
        for seconds in [i64::MIN, -1, 21_601, 65_536, i64::MAX] {
            assert_eq!(SlowMode::parse(seconds).unwrap_err().code, ViolationCode::OutOfRange, "{seconds}");
        }
    }

    #[test]
    fn a_member_waits_since_their_last_message_whatever_the_clock_did() {
        let minute = SlowMode::parse(60).unwrap();
        let seconds = |seconds| NOW.minus(Duration::from_secs(seconds));
        for (last, wait) in [
            (NOW, Some(60)),
            (seconds(1), Some(59)),
            (seconds(59), Some(1)),
            (seconds(60), None),
            (seconds(1_000_000), None),
            (NOW.plus(Duration::from_micros(1)), None),
            (NOW.plus(Duration::from_secs(30)), None),
            (Timestamp::from_micros(i64::MIN), None),
            (Timestamp::from_micros(i64::MAX), None),
        ] {
            assert_eq!(minute.wait(last, NOW), wait.map(Duration::from_secs), "{last:?}");
            assert_eq!(SlowMode::OFF.wait(last, NOW), None, "{last:?}");
        }
    }
}

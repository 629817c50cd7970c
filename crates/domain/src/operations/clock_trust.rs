//! May rows be removed for their age? What is removed stays removed when the clock is set right again.

use std::time::Duration;

use crate::time::Timestamp;

/// By how much the clock may gain and be believed at once: less than the hour that a wrong time zone makes.
const LEAP: Duration = Duration::from_secs(3600);

/// How long a clock is doubted that gained more: time to notice it and to set it right.
const DOUBT: Duration = Duration::from_secs(24 * 3600);

/// Compares the clock with the time that passes.
///
/// A clock that gains an hour on the steady time is doubted until it is back, or is gone on evenly for a day. One that
/// is set back is believed at once: nothing is old by it that wasn't before. A machine that slept looks like one whose
/// clock was set, and is doubted likewise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClockTrust {
    /// The origin of the steady time by the clock that is believed; `None` before one was.
    believed: Option<Timestamp>,
    /// The clock that is not believed yet.
    doubted: Option<Doubted>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Doubted {
    /// The origin of the steady time by this clock.
    origin: Timestamp,
    /// Since when, by the steady time.
    since: Duration,
}

impl ClockTrust {
    /// Begins with a clock that nothing speaks against, or one that is `doubtful` from the start, as
    /// [`doubt_clock`](super::doubt_clock) says.
    pub fn new(now: Timestamp, steady: Duration, doubtful: bool) -> Self {
        let origin = now.minus(steady);
        if doubtful {
            Self { believed: None, doubted: Some(Doubted { origin, since: steady }) }
        } else {
            Self { believed: Some(origin), doubted: None }
        }
    }

    /// Whether rows may be removed that are old by this clock.
    pub fn believes(&mut self, now: Timestamp, steady: Duration) -> bool {
        let origin = now.minus(steady);
        let gains_little = self.believed.is_some_and(|believed| origin < believed.plus(LEAP));
        if gains_little || self.doubted.is_some_and(|doubted| doubted.has_proved(origin, steady)) {
            *self = Self { believed: Some(origin), doubted: None };
            return true;
        }
        // Set once more, forward or back: the day begins again.
        if !self.doubted.is_some_and(|doubted| doubted.is_even(origin)) {
            self.doubted = Some(Doubted { origin, since: steady });
        }
        false
    }
}

impl Doubted {
    /// Whether the clock is gone on as it did when it began to be doubted.
    fn is_even(self, origin: Timestamp) -> bool {
        self.origin.minus(LEAP) < origin && origin < self.origin.plus(LEAP)
    }

    /// Whether it has done so for long enough.
    fn has_proved(self, origin: Timestamp, steady: Duration) -> bool {
        self.is_even(origin) && steady.saturating_sub(self.since) >= DOUBT
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::NOW;

    const HOUR: i64 = 3600;
    const DAY: i64 = 24 * HOUR;
    const YEAR: i64 = 365 * DAY;

    /// Looks at a clock after so many seconds, when it is so many seconds ahead of where it began.
    fn look(trust: &mut ClockTrust, after: i64, ahead: i64) -> bool {
        let micros = NOW.as_micros() + (after + ahead) * 1_000_000;
        trust.believes(Timestamp::from_micros(micros), Duration::from_secs(after.unsigned_abs()))
    }

    fn look_each(doubtful: bool, looks: &[(i64, i64, bool)]) {
        let mut trust = ClockTrust::new(NOW, Duration::ZERO, doubtful);
        for &(after, ahead, believed) in looks {
            assert_eq!(
                look(&mut trust, after, ahead),
                believed,
                "after {after} s, {ahead} s ahead: {looks:?}"
            );
        }
    }

    #[test]
    fn a_clock_that_runs_evenly_is_believed() {
        look_each(false, &[(0, 0, true), (60, 0, true), (YEAR, 0, true)]);
        look_each(false, &[(60, HOUR - 1, true), (120, -YEAR, true)]);
    }

    #[test]
    fn a_clock_that_was_set_forward_is_doubted_until_it_is_back() {
        look_each(false, &[(0, 0, true), (60, YEAR, false), (120, YEAR, false), (180, 0, true)]);
        look_each(false, &[(60, HOUR, false), (120, HOUR - 1, true)]);
    }

    #[test]
    fn a_clock_that_stays_where_it_was_set_is_believed_after_a_day() {
        let set = 60;
        look_each(
            false,
            &[
                (set, YEAR, false),
                (set + DAY - 1, YEAR, false),
                (set + DAY, YEAR, true),
                (2 * DAY, YEAR, true),
            ],
        );
    }

    #[test]
    fn a_clock_that_is_set_once_more_begins_its_day_anew() {
        let again = DAY - 60;
        look_each(
            false,
            &[(60, DAY, false), (again, YEAR, false), (2 * DAY - 61, YEAR, false), (again + DAY, YEAR, true)],
        );
        look_each(false, &[(60, YEAR, false), (again, DAY, false), (DAY + 60, YEAR, false)]);
    }

    #[test]
    fn a_clock_that_was_set_back_has_to_prove_itself_on_its_way_forward() {
        look_each(false, &[(60, -YEAR, true), (120, 0, false), (180, -YEAR, true)]);
    }

    #[test]
    fn a_clock_that_is_doubtful_at_the_start_is_believed_after_a_day() {
        look_each(true, &[(0, 0, false), (DAY - 1, 0, false), (DAY, 0, true)]);
        look_each(
            true,
            &[(60, 0, false), (120, -YEAR, false), (DAY + 60, -YEAR, false), (DAY + 120, -YEAR, true)],
        );
    }
}

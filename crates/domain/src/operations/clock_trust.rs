//! Decides whether rows may be removed because of their age. Removed rows stay removed when the clock is corrected.

use std::time::Duration;

use crate::time::Timestamp;

/// By how much the clock may gain and still be trusted at once: less than the hour of a wrong time zone.
const LEAP: Duration = Duration::from_secs(3600);

/// How long a clock that gained more is distrusted: enough time to notice and correct it.
const DOUBT: Duration = Duration::from_secs(24 * 3600);

/// Compares the wall clock with the steady clock.
///
/// A clock that gains an hour on the steady clock is distrusted until it is back or has run evenly for a day. A clock
/// that is set back is trusted at once, because nothing becomes old by it. A machine that was suspended looks like one
/// whose clock was set, and is treated the same way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClockTrust {
    /// When the steady clock was 0, by the trusted wall clock. `None` before any was trusted.
    believed: Option<Timestamp>,
    /// The wall clock that is not trusted yet.
    doubted: Option<Doubted>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Doubted {
    /// When the steady clock was 0, by this wall clock.
    origin: Timestamp,
    /// Since when, by the steady clock.
    since: Duration,
}

impl ClockTrust {
    /// Starts with a plausible clock, or with one that is `doubtful` according to [`doubt_clock`](super::doubt_clock).
    pub fn new(now: Timestamp, steady: Duration, doubtful: bool) -> Self {
        let origin = now.minus(steady);
        if doubtful {
            Self { believed: None, doubted: Some(Doubted { origin, since: steady }) }
        } else {
            Self { believed: Some(origin), doubted: None }
        }
    }

    /// Whether rows that are old by this clock may be removed.
    pub fn believes(&mut self, now: Timestamp, steady: Duration) -> bool {
        let origin = now.minus(steady);
        let gains_little = self.believed.is_some_and(|believed| origin < believed.plus(LEAP));
        if gains_little || self.doubted.is_some_and(|doubted| doubted.has_proved(origin, steady)) {
            *self = Self { believed: Some(origin), doubted: None };
            return true;
        }
        // The clock was set again, so the day starts over.
        if !self.doubted.is_some_and(|doubted| doubted.is_even(origin)) {
            self.doubted = Some(Doubted { origin, since: steady });
        }
        false
    }
}

impl Doubted {
    /// Whether the clock has run evenly since it was first distrusted.
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

    /// Reads a clock after some seconds, when it is ahead of its start by some more seconds.
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
    fn a_clock_that_moves_by_an_hour_while_it_is_doubted_begins_its_day_anew() {
        for ahead in [YEAR - HOUR, YEAR + HOUR] {
            look_each(
                false,
                &[(60, YEAR, false), (120, ahead, false), (60 + DAY, ahead, false), (120 + DAY, ahead, true)],
            );
        }
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

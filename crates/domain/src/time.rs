//! Points in time, and the port for the current time.

use std::time::Duration;

/// A point in time: microseconds since 1970-01-01T00:00:00Z, without leap seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// From microseconds since the Unix epoch.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Microseconds since the Unix epoch.
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// This point, `duration` later; saturates at the end of what an `i64` holds.
    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        let micros = i64::try_from(duration.as_micros()).unwrap_or(i64::MAX);
        Self(self.0.saturating_add(micros))
    }

    /// This point, `duration` earlier; saturates likewise.
    #[must_use]
    pub fn minus(self, duration: Duration) -> Self {
        let micros = i64::try_from(duration.as_micros()).unwrap_or(i64::MAX);
        Self(self.0.saturating_sub(micros))
    }

    /// How long it is from an earlier point to this one; nothing if that is not earlier.
    pub fn saturating_duration_since(self, earlier: Self) -> Duration {
        Duration::from_micros(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// Whether both are on one day in UTC.
    pub const fn is_same_day(self, other: Self) -> bool {
        const DAY: i64 = 24 * 3600 * 1_000_000;
        self.0.div_euclid(DAY) == other.0.div_euclid(DAY)
    }
}

/// A span of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// It begins after this.
    pub after: Timestamp,
    /// It ends with this.
    pub until: Timestamp,
}

impl Span {
    /// Whether this time is in it.
    pub fn contains(self, at: Timestamp) -> bool {
        self.after < at && at <= self.until
    }
}

/// Tells the current time. Use cases ask [`Tx::now`](crate::storage::Tx::now), which asks this once a command.
///
/// People and programs set clocks, forward and back, while the server runs. So `now` says *when* something happened,
/// and `steady` says *how long* something takes. Stored times that are compared with later ones can only use `now`. A
/// stored time that is further away than possible comes from a wrong clock, and MUST be treated as due.
pub trait Clock: Send + Sync {
    /// The current time in UTC.
    fn now(&self) -> Timestamp;

    /// The time since some moment of this process. It is monotonic, whatever `now` is set to.
    fn steady(&self) -> Duration;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_begin_at_midnight() {
        let day = 86_400_000_000;
        for (one, other, same) in
            [(0, day - 1, true), (day - 1, day, false), (-1, 0, false), (-day, -1, true)]
        {
            assert_eq!(Timestamp::from_micros(one).is_same_day(Timestamp::from_micros(other)), same);
        }
    }

    #[test]
    fn durations_count_in_microseconds() {
        let start = Timestamp::from_micros(1_000);
        assert_eq!(start.plus(Duration::from_millis(2)), Timestamp::from_micros(3_000));
        assert_eq!(start.minus(Duration::from_millis(2)).as_micros(), -1_000);
    }

    #[test]
    fn nothing_is_left_until_what_is_past() {
        let [start, end] = [1_000, 3_000].map(Timestamp::from_micros);
        assert_eq!(end.saturating_duration_since(start), Duration::from_millis(2));
        assert_eq!(start.saturating_duration_since(end), Duration::ZERO);
    }

    #[test]
    fn time_saturates_at_its_ends() {
        let start = Timestamp::from_micros(1_000);
        assert_eq!(start.plus(Duration::MAX).as_micros(), i64::MAX);
        assert_eq!(Timestamp::from_micros(-1_000).minus(Duration::MAX).as_micros(), i64::MIN);
    }
}

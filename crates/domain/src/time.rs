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
}

/// A span of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// It begins after this.
    pub after: Timestamp,
    /// It ends with this.
    pub until: Timestamp,
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
    fn durations_count_in_microseconds() {
        let start = Timestamp::from_micros(1_000);
        assert_eq!(start.plus(Duration::from_millis(2)), Timestamp::from_micros(3_000));
        assert_eq!(start.minus(Duration::from_millis(2)).as_micros(), -1_000);
    }

    #[test]
    fn time_saturates_at_its_ends() {
        let start = Timestamp::from_micros(1_000);
        assert_eq!(start.plus(Duration::MAX).as_micros(), i64::MAX);
        assert_eq!(Timestamp::from_micros(-1_000).minus(Duration::MAX).as_micros(), i64::MIN);
    }
}

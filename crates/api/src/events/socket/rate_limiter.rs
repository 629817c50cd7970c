//! The rate limiter for messages from a client.

use std::time::{Duration, Instant};

/// How many frames may arrive at once.
const BURST: u32 = 60;
/// The time in which one more may arrive: 20 a second.
const REFILL: Duration = Duration::from_millis(50);
/// How many excess frames end the connection.
const FLOOD: u32 = 200;

/// Whether a frame may be handled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RateDecision {
    /// It is handled.
    Allowed,
    /// It came too soon and is rejected.
    TooSoon,
    /// The client ignores the limit. The connection ends.
    Flood,
}

/// A connection's token bucket.
#[derive(Debug)]
pub(super) struct RateLimiter {
    left: u32,
    refilled: Instant,
    too_soon: u32,
}

impl RateLimiter {
    /// A full bucket.
    pub(super) const fn new(now: Instant) -> Self {
        Self { left: BURST, refilled: now, too_soon: 0 }
    }

    /// Counts a frame.
    pub(super) fn take(&mut self, now: Instant) -> RateDecision {
        self.refill(now);
        if self.left > 0 {
            self.left -= 1;
            return RateDecision::Allowed;
        }
        self.too_soon += 1;
        if self.too_soon > FLOOD { RateDecision::Flood } else { RateDecision::TooSoon }
    }

    fn refill(&mut self, now: Instant) {
        let passed = now.saturating_duration_since(self.refilled).as_nanos() / REFILL.as_nanos();
        let gained = u32::try_from(passed).unwrap_or(u32::MAX);
        self.left = self.left.saturating_add(gained).min(BURST);
        self.refilled += REFILL * gained.min(BURST * 100);
        if self.left == BURST {
            // After a pause, the excess is forgotten.
            self.refilled = now;
            self.too_soon = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_allowed_and_then_twenty_a_second() {
        let start = Instant::now();
        let mut rate_limiter = RateLimiter::new(start);
        assert!((0..BURST).all(|_| rate_limiter.take(start) == RateDecision::Allowed));
        assert_eq!(rate_limiter.take(start), RateDecision::TooSoon);
        let later = start + Duration::from_secs(1);
        let served = (0..100).filter(|_| rate_limiter.take(later) == RateDecision::Allowed).count();
        assert_eq!(served, 20);
    }

    #[test]
    fn ignoring_the_limit_is_a_flood_and_a_pause_resets_it() {
        let start = Instant::now();
        let mut rate_limiter = RateLimiter::new(start);
        let decisions: Vec<_> = (0..=BURST + FLOOD).map(|_| rate_limiter.take(start)).collect();
        assert_eq!(decisions.last(), Some(&RateDecision::Flood));
        assert_eq!(
            decisions.iter().filter(|decision| **decision == RateDecision::TooSoon).count(),
            FLOOD as usize
        );
        let mut patient = RateLimiter::new(start);
        for second in 0..1_000 {
            let now = start + Duration::from_secs(second * 10);
            assert!((0..=BURST).all(|_| patient.take(now) != RateDecision::Flood), "{second}");
        }
    }
}

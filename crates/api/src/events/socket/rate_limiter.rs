//! The rate limiter for messages from a client.

use std::time::{Duration, Instant};

/// Frames that may come at once.
const BURST: u32 = 60;
/// One more may come after each such time: 20 a second.
const REFILL: Duration = Duration::from_millis(50);
/// How many frames too many end the connection.
const FLOOD: u32 = 200;

/// Whether a frame may be served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RateDecision {
    /// It is served.
    Allowed,
    /// It came too soon.
    TooSoon,
    /// The client does not heed; the connection ends.
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
    /// A full allowance.
    pub(super) const fn new(now: Instant) -> Self {
        Self { left: BURST, refilled: now, too_soon: 0 }
    }

    /// Takes one frame in.
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
            // Whoever was patient again starts again.
            self.refilled = now;
            self.too_soon = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_passes_and_then_twenty_a_second() {
        let start = Instant::now();
        let mut rate_limiter = RateLimiter::new(start);
        assert!((0..BURST).all(|_| rate_limiter.take(start) == RateDecision::Allowed));
        assert_eq!(rate_limiter.take(start), RateDecision::TooSoon);
        let later = start + Duration::from_secs(1);
        let served = (0..100).filter(|_| rate_limiter.take(later) == RateDecision::Allowed).count();
        assert_eq!(served, 20);
    }

    #[test]
    fn who_does_not_heed_is_a_flood_and_who_waits_starts_afresh() {
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

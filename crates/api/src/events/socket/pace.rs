//! The rate limiter for messages from a client.

use std::time::{Duration, Instant};

/// Frames that may come at once.
const BURST: u32 = 60;
/// One more may come after each such time: 20 a second.
const REFILL: Duration = Duration::from_millis(50);
/// How many frames too many end the connection.
const FLOOD: u32 = 200;

/// What becomes of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is served.
    Served,
    /// It came too soon.
    TooSoon,
    /// The client does not heed; the connection ends.
    Flood,
}

/// A connection's allowance.
#[derive(Debug)]
pub(super) struct Pace {
    left: u32,
    refilled: Instant,
    too_soon: u32,
}

impl Pace {
    /// A full allowance.
    pub(super) const fn new(now: Instant) -> Self {
        Self { left: BURST, refilled: now, too_soon: 0 }
    }

    /// Takes one frame in.
    pub(super) fn take(&mut self, now: Instant) -> Verdict {
        self.refill(now);
        if self.left > 0 {
            self.left -= 1;
            return Verdict::Served;
        }
        self.too_soon += 1;
        if self.too_soon > FLOOD { Verdict::Flood } else { Verdict::TooSoon }
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
        let mut pace = Pace::new(start);
        assert!((0..BURST).all(|_| pace.take(start) == Verdict::Served));
        assert_eq!(pace.take(start), Verdict::TooSoon);
        let later = start + Duration::from_secs(1);
        let served = (0..100).filter(|_| pace.take(later) == Verdict::Served).count();
        assert_eq!(served, 20);
    }

    #[test]
    fn who_does_not_heed_is_a_flood_and_who_waits_starts_afresh() {
        let start = Instant::now();
        let mut pace = Pace::new(start);
        let verdicts: Vec<_> = (0..=BURST + FLOOD).map(|_| pace.take(start)).collect();
        assert_eq!(verdicts.last(), Some(&Verdict::Flood));
        assert_eq!(verdicts.iter().filter(|verdict| **verdict == Verdict::TooSoon).count(), FLOOD as usize);
        let mut patient = Pace::new(start);
        for second in 0..1_000 {
            let now = start + Duration::from_secs(second * 10);
            assert!((0..=BURST).all(|_| patient.take(now) != Verdict::Flood), "{second}");
        }
    }
}

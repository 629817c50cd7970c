//! The rate limiter for the writes of each user.

use std::collections::HashMap;
use std::sync::PoisonError;
use std::time::{Duration, Instant};

use crate::executor::sync::Mutex;
use groupchat_domain::storage::{Caller, WriteLimiter};

/// What every write costs in addition to its text, in bytes: approximately the size of its row, its event and their
/// index entries.
const OVERHEAD: usize = 1024;

/// With fewer callers than this, full buckets are not removed.
const FEW: usize = 1024;

/// How much a user may write. A small write costs 1 KiB.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WriteRate {
    /// Bytes per second in the long run. At least 1.
    pub rate: u64,
    /// Bytes at once.
    pub burst: u64,
}

impl Default for WriteRate {
    /// 512 KiB/s, and 64 MiB at once: 60,000 short messages, and then 500 a second.
    fn default() -> Self {
        Self { rate: 512 << 10, burst: 64 << 20 }
    }
}

impl WriteRate {
    /// How long it takes to regain this many bytes.
    fn time_for(self, bytes: u64) -> Duration {
        let nanos = u128::from(bytes) * 1_000_000_000 / u128::from(self.rate.max(1));
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }
}

/// Limits each caller by the generic cell rate algorithm (ITU-T I.371, annex A): it stores only the time at which a
/// caller's bucket is full again. In memory, for this server.
#[derive(Debug)]
pub struct UserWriteLimiter {
    rate: WriteRate,
    callers: Mutex<CallerBuckets>,
}

#[derive(Debug)]
struct CallerBuckets {
    /// When each caller's bucket is full again. A caller whose bucket is full need not be remembered.
    rested_at: HashMap<Caller, Instant>,
    /// The number of callers at which full buckets are removed.
    sweep_at: usize,
}

impl UserWriteLimiter {
    /// All buckets are full.
    pub fn new(rate: WriteRate) -> Self {
        Self { rate, callers: Mutex::new(CallerBuckets { rested_at: HashMap::new(), sweep_at: FEW }) }
    }

    fn take_at(&self, now: Instant, caller: Caller, bytes: usize) -> Result<(), Duration> {
        // A write that is larger than the burst costs the whole burst.
        let bytes = u64::try_from(bytes.saturating_add(OVERHEAD)).unwrap_or(u64::MAX).min(self.rate.burst);
        let mut callers = self.callers.lock().unwrap_or_else(PoisonError::into_inner);
        let rested_at = callers.rested_at.get(&caller).map_or(now, |at| (*at).max(now));
        let taken = rested_at.duration_since(now) + self.rate.time_for(bytes);
        let whole = self.rate.time_for(self.rate.burst);
        if taken > whole {
            return Err(taken - whole);
        }
        callers.rested_at.insert(caller, now + taken);
        callers.sweep(now);
        Ok(())
    }
}

impl CallerBuckets {
    /// Removes full buckets once there are twice as many callers as after the last time.
    fn sweep(&mut self, now: Instant) {
        if self.rested_at.len() >= self.sweep_at {
            self.rested_at.retain(|_, at| *at > now);
            self.sweep_at = (self.rested_at.len() * 2).max(FEW);
        }
    }
}

impl WriteLimiter for UserWriteLimiter {
    fn take(&self, caller: Caller, bytes: usize) -> Result<(), Duration> {
        self.take_at(Instant::now(), caller, bytes)
    }
}

#[cfg(test)]
mod tests {
    use groupchat_domain::ids::UserId;

    use super::*;

    const ANN: Caller = Caller::User(UserId::new(1));
    const BOB: Caller = Caller::User(UserId::new(2));
    /// 10 small writes at once, then 2 a second.
    const RATE: WriteRate = WriteRate { rate: 2 << 10, burst: 10 << 10 };

    fn count(limiter: &UserWriteLimiter, now: Instant, caller: Caller, bytes: usize) -> usize {
        (0..1_000).take_while(|_| limiter.take_at(now, caller, bytes).is_ok()).count()
    }

    #[test]
    fn a_burst_passes_and_then_as_much_as_comes_back() {
        let (limiter, start) = (UserWriteLimiter::new(RATE), Instant::now());
        assert_eq!(count(&limiter, start, ANN, 0), 10);
        assert_eq!(count(&limiter, start + Duration::from_secs(3), ANN, 0), 6);
        assert_eq!(count(&limiter, start + Duration::from_secs(1_000), ANN, 0), 10);
    }

    #[test]
    fn a_long_text_counts_as_much_as_it_is() {
        let (limiter, start) = (UserWriteLimiter::new(RATE), Instant::now());
        assert_eq!(count(&limiter, start, ANN, 4 << 10), 2);
        // A write that exceeds any burst waits for a full bucket.
        assert_eq!(count(&limiter, start + Duration::from_secs(5), ANN, 1 << 20), 1);
    }

    #[test]
    fn the_wait_that_is_told_is_just_enough() {
        let (limiter, start) = (UserWriteLimiter::new(RATE), Instant::now());
        count(&limiter, start, ANN, 0);
        let wait = limiter.take_at(start, ANN, 1 << 10).unwrap_err();
        assert_eq!(wait, Duration::from_secs(1));
        assert!(limiter.take_at(start + wait - Duration::from_millis(1), ANN, 1 << 10).is_err());
        assert!(limiter.take_at(start + wait, ANN, 1 << 10).is_ok());
    }

    #[test]
    fn nobody_waits_for_somebody_else() {
        let (limiter, start) = (UserWriteLimiter::new(RATE), Instant::now());
        assert_eq!(count(&limiter, start, ANN, 0), 10);
        assert_eq!(count(&limiter, start, BOB, 0), 10);
    }

    #[test]
    fn whoever_is_at_rest_is_forgotten() {
        let (limiter, start) = (UserWriteLimiter::new(RATE), Instant::now());
        for user in 0..100_000_i64 {
            let now = start + Duration::from_millis(user.unsigned_abs());
            limiter.take_at(now, Caller::User(UserId::new(user)), 0).unwrap();
        }
        let remembered = limiter.callers.lock().unwrap().rested_at.len();
        assert!(remembered <= 2 * FEW, "{remembered} callers are remembered");
    }

    #[test]
    fn the_usual_pace_lets_a_busy_bot_be_and_stops_who_fills_the_disk() {
        let (limiter, start) = (UserWriteLimiter::new(WriteRate::default()), Instant::now());
        let seconds = |second| start + Duration::from_secs(second);
        let busy =
            (0..600).all(|second| (0..400).all(|_| limiter.take_at(seconds(second), ANN, 200).is_ok()));
        assert!(busy);
        let stored: usize =
            (0..16).map(|second| count(&limiter, seconds(second), BOB, 40_000) * 40_000).sum();
        assert!(stored < 80 << 20, "{stored} bytes in 16 seconds");
    }
}

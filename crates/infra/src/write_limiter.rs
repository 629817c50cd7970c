//! The rate limiter for the writes of each user.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use groupchat_domain::storage::{Caller, WriteLimiter};

/// What every write counts as besides its text, in bytes: about what its row, its event and their indexes take.
const OVERHEAD: usize = 1024;

/// Fewer callers than this are never looked through for those who are at rest.
const FEW: usize = 1024;

/// How much a user may write. A small write counts as 1 KiB.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WriteRate {
    /// Bytes a second, in the long run; at least 1.
    pub rate: u64,
    /// Bytes at once.
    pub burst: u64,
}

impl Default for WriteRate {
    /// 512 KiB a second, 64 MiB at once: 60,000 short messages and then 500 a second.
    fn default() -> Self {
        Self { rate: 512 << 10, burst: 64 << 20 }
    }
}

impl WriteRate {
    /// How long the allowance for so many bytes takes to come back.
    fn time_for(self, bytes: u64) -> Duration {
        let nanos = u128::from(bytes) * 1_000_000_000 / u128::from(self.rate.max(1));
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }
}

/// Paces each caller by the generic cell rate algorithm (ITU-T I.371, annex A): all that is kept of a caller is the
/// moment at which the whole allowance is back. In memory, for this server.
#[derive(Debug)]
pub struct UserWriteLimiter {
    pace: WriteRate,
    callers: Mutex<CallerBuckets>,
}

#[derive(Debug)]
struct CallerBuckets {
    /// When each has the whole allowance back. Whoever has it back is as good as unknown.
    rested_at: HashMap<Caller, Instant>,
    /// At how many they are looked through for those who are at rest.
    sweep_at: usize,
}

impl UserWriteLimiter {
    /// Everybody has their whole allowance.
    pub fn new(pace: WriteRate) -> Self {
        Self { pace, callers: Mutex::new(CallerBuckets { rested_at: HashMap::new(), sweep_at: FEW }) }
    }

    fn take_at(&self, now: Instant, caller: Caller, bytes: usize) -> Result<(), Duration> {
        // One that is larger than the allowance takes all of it.
        let bytes = u64::try_from(bytes.saturating_add(OVERHEAD)).unwrap_or(u64::MAX).min(self.pace.burst);
        let mut callers = self.callers.lock().unwrap_or_else(PoisonError::into_inner);
        let rested_at = callers.rested_at.get(&caller).map_or(now, |at| (*at).max(now));
        let taken = rested_at.duration_since(now) + self.pace.time_for(bytes);
        let whole = self.pace.time_for(self.pace.burst);
        if taken > whole {
            return Err(taken - whole);
        }
        callers.rested_at.insert(caller, now + taken);
        callers.sweep(now);
        Ok(())
    }
}

impl CallerBuckets {
    /// Forgets those who are at rest, once there are twice as many as after the last time.
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
    const PACE: WriteRate = WriteRate { rate: 2 << 10, burst: 10 << 10 };

    fn count(pacer: &UserWriteLimiter, now: Instant, caller: Caller, bytes: usize) -> usize {
        (0..1_000).take_while(|_| pacer.take_at(now, caller, bytes).is_ok()).count()
    }

    #[test]
    fn a_burst_passes_and_then_as_much_as_comes_back() {
        let (pacer, start) = (UserWriteLimiter::new(PACE), Instant::now());
        assert_eq!(count(&pacer, start, ANN, 0), 10);
        assert_eq!(count(&pacer, start + Duration::from_secs(3), ANN, 0), 6);
        assert_eq!(count(&pacer, start + Duration::from_secs(1_000), ANN, 0), 10);
    }

    #[test]
    fn a_long_text_counts_as_much_as_it_is() {
        let (pacer, start) = (UserWriteLimiter::new(PACE), Instant::now());
        assert_eq!(count(&pacer, start, ANN, 4 << 10), 2);
        // One that is too long for any allowance waits for the whole of it.
        assert_eq!(count(&pacer, start + Duration::from_secs(5), ANN, 1 << 20), 1);
    }

    #[test]
    fn the_wait_that_is_told_is_just_enough() {
        let (pacer, start) = (UserWriteLimiter::new(PACE), Instant::now());
        count(&pacer, start, ANN, 0);
        let wait = pacer.take_at(start, ANN, 1 << 10).unwrap_err();
        assert_eq!(wait, Duration::from_secs(1));
        assert!(pacer.take_at(start + wait - Duration::from_millis(1), ANN, 1 << 10).is_err());
        assert!(pacer.take_at(start + wait, ANN, 1 << 10).is_ok());
    }

    #[test]
    fn nobody_waits_for_somebody_else() {
        let (pacer, start) = (UserWriteLimiter::new(PACE), Instant::now());
        assert_eq!(count(&pacer, start, ANN, 0), 10);
        assert_eq!(count(&pacer, start, BOB, 0), 10);
    }

    #[test]
    fn whoever_is_at_rest_is_forgotten() {
        let (pacer, start) = (UserWriteLimiter::new(PACE), Instant::now());
        for user in 0..100_000_i64 {
            let now = start + Duration::from_millis(user.unsigned_abs());
            pacer.take_at(now, Caller::User(UserId::new(user)), 0).unwrap();
        }
        let remembered = pacer.callers.lock().unwrap().rested_at.len();
        assert!(remembered <= 2 * FEW, "{remembered} callers are remembered");
    }

    #[test]
    fn the_usual_pace_lets_a_busy_bot_be_and_stops_who_fills_the_disk() {
        let (pacer, start) = (UserWriteLimiter::new(WriteRate::default()), Instant::now());
        let seconds = |second| start + Duration::from_secs(second);
        let busy = (0..600).all(|second| (0..400).all(|_| pacer.take_at(seconds(second), ANN, 200).is_ok()));
        assert!(busy);
        let stored: usize = (0..16).map(|second| count(&pacer, seconds(second), BOB, 40_000) * 40_000).sum();
        assert!(stored < 80 << 20, "{stored} bytes in 16 seconds");
    }
}

//! Token buckets in which attempts take longer and longer to come back.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use super::bucket_size::BucketSize;

/// The maximum number of buckets of a kind (some 48 bytes each).
pub(super) const MAX_REMEMBERED: usize = 16_384;

/// Token buckets, each stored as the time at which it is full again (the "theoretical arrival time" of the generic cell
/// rate algorithm, ITU-T I.371). A bucket that is not stored is full.
#[derive(Debug)]
pub(super) struct Buckets {
    allowance: BucketSize,
    /// How long an attempt takes to come back at most. The first ones, as many as a full bucket has, come back in the usual
    /// time, and each of the others takes twice as long as the one before: however patiently somebody guesses, it becomes
    /// slow. This begins anew after a right attempt, and when the bucket has been full for this long.
    longest: Duration,
    stored: HashMap<u64, Bucket>,
}

#[derive(Debug)]
struct Bucket {
    full_at: Instant,
    /// Attempts that were not right, one after the other.
    taken: u32,
}

impl Buckets {
    /// Buckets in which every attempt comes back in the same time.
    pub(super) fn steady(allowance: BucketSize) -> Self {
        Self::growing(allowance, Duration::ZERO)
    }

    /// Buckets in which attempts take longer and longer to come back.
    pub(super) fn growing(allowance: BucketSize, longest: Duration) -> Self {
        Self { allowance, longest: longest.max(allowance.refill), stored: HashMap::new() }
    }

    /// How long until the bucket has a token. Zero if it has one now.
    pub(super) fn wait(&self, now: Instant, key: u64) -> Duration {
        let full_at = self.stored.get(&key).map(|bucket| bucket.full_at);
        let missing = full_at.map_or(Duration::ZERO, |at| at.saturating_duration_since(now));
        (missing + self.allowance.refill).saturating_sub(self.allowance.span())
    }

    pub(super) fn take(&mut self, now: Instant, key: u64) {
        if self.stored.len() >= MAX_REMEMBERED && !self.stored.contains_key(&key) {
            self.forget_the_fullest(now);
        }
        let (allowance, longest) = (self.allowance, self.longest);
        let bucket = self.stored.entry(key).or_insert(Bucket { full_at: now, taken: 0 });
        if bucket.full_at + longest <= now {
            bucket.taken = 0;
        }
        bucket.full_at = bucket.full_at.max(now) + time_for(allowance, longest, bucket.taken);
        bucket.taken = bucket.taken.saturating_add(1);
    }

    pub(super) fn refund(&mut self, key: u64) {
        let (allowance, longest) = (self.allowance, self.longest);
        // Missing if the bucket was removed or is full again.
        if let Some(bucket) = self.stored.get_mut(&key) {
            bucket.taken = bucket.taken.saturating_sub(1);
            let time = time_for(allowance, longest, bucket.taken);
            bucket.full_at = bucket.full_at.checked_sub(time).unwrap_or(bucket.full_at);
        }
    }

    /// From now on, attempts take the usual time again.
    pub(super) fn forgive(&mut self, key: u64) {
        if let Some(bucket) = self.stored.get_mut(&key) {
            bucket.taken = 0;
        }
    }

    /// Makes room by removing the full buckets, then the fullest ones until half is free: somebody who fills the table
    /// with made-up names doesn't free the empty bucket of a real account.
    fn forget_the_fullest(&mut self, now: Instant) {
        self.stored.retain(|_, bucket| bucket.full_at > now);
        let room = MAX_REMEMBERED / 2;
        if self.stored.len() > room {
            let mut times: Vec<Instant> = self.stored.values().map(|bucket| bucket.full_at).collect();
            let surplus = times.len() - room;
            let (_, newest_forgotten, _) = times.select_nth_unstable(surplus - 1);
            let newest_forgotten = *newest_forgotten;
            self.stored.retain(|_, bucket| bucket.full_at > newest_forgotten);
        }
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.stored.len()
    }
}

/// How long an attempt takes to come back that was taken after so many others.
fn time_for(allowance: BucketSize, longest: Duration, taken: u32) -> Duration {
    let beyond = (taken + 1).saturating_sub(allowance.capacity.max(1));
    // 2 to the power of 31 times a microsecond is half an hour.
    allowance.refill.saturating_mul(1 << beyond.min(31)).min(longest)
}

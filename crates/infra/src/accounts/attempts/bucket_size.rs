//! How many attempts there are, and how long they take to come back.

use std::time::Duration;

/// The size of a token bucket, and how long one attempt takes to come back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BucketSize {
    /// Attempts in a full bucket. At least 1.
    pub capacity: u32,
    /// The time in which one attempt comes back.
    pub refill: Duration,
}

impl BucketSize {
    /// For an address: 20 attempts, then one every 3 seconds. A school or an office may share one address.
    pub const PER_ADDRESS: Self = Self { capacity: 20, refill: Duration::from_secs(3) };
    /// For an account from one network: 10 attempts, then one every 10 seconds.
    pub const PER_ACCOUNT: Self = Self { capacity: 10, refill: Duration::from_secs(10) };

    /// For new accounts from one network without an invite: 10, then one every 6 minutes.
    pub(super) const SIGN_UP: Self = Self { capacity: 10, refill: Duration::from_secs(360) };

    /// For an account from all networks unknown to it together: ten times as much as from one network.
    pub(super) fn tenfold(self) -> Self {
        Self { capacity: self.capacity.saturating_mul(10), refill: self.refill / 10 }
    }

    /// For an account from one unknown network, once those are used up: a single attempt, and the next one after six
    /// times as long.
    pub(super) fn single(self) -> Self {
        Self { capacity: 1, refill: self.refill.saturating_mul(6) }
    }

    /// For one-time passwords of an account, of which there are only a million: each attempt comes back after thirty times
    /// as long. So somebody who knows the password, and guesses without end, is right once in three years.
    pub(super) fn scarce(self) -> Self {
        Self { capacity: self.capacity, refill: self.refill.saturating_mul(30) }
    }

    /// How long an empty bucket takes to fill.
    pub(super) fn span(self) -> Duration {
        self.refill * self.capacity.max(1)
    }
}

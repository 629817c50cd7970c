//! Limits on tries to sign in, by address and by account.

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hash};
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use groupchat_domain::accounts::{LoginAttempts, UsernameKey};

/// A token bucket: how many tries there are at first, and how long one takes to come back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowance {
    /// Tries of a full bucket, at least 1.
    pub capacity: u32,
    /// The time in which one try comes back.
    pub refill: Duration,
}

impl Allowance {
    /// For an address: 20 tries, then one every 3 seconds. A school or an office may share one address.
    pub const PER_ADDRESS: Self = Self { capacity: 20, refill: Duration::from_secs(3) };
    /// For an account: 10 tries, then one every 10 seconds, from wherever they come.
    pub const PER_ACCOUNT: Self = Self { capacity: 10, refill: Duration::from_secs(10) };

    /// How long an empty bucket takes to fill.
    fn span(self) -> Duration {
        self.refill * self.capacity.max(1)
    }
}

/// How many addresses, and how many accounts, are remembered at most (some 32 bytes each).
const MAX_REMEMBERED: usize = 16_384;

/// Counts tries in memory: a restart forgets them. IPv6 addresses count by their /64 network, which is what
/// one customer gets at least; IPv4 addresses in IPv6 form count as IPv4.
#[derive(Debug)]
pub struct AttemptLimits {
    hasher: RandomState,
    buckets: Mutex<BucketPair>,
}

#[derive(Debug)]
struct BucketPair {
    addresses: Buckets,
    accounts: Buckets,
}

impl AttemptLimits {
    /// Starts with all buckets full.
    pub fn new(per_address: Allowance, per_account: Allowance) -> Self {
        let buckets =
            BucketPair { addresses: Buckets::new(per_address), accounts: Buckets::new(per_account) };
        Self { hasher: RandomState::new(), buckets: Mutex::new(buckets) }
    }

    fn take_at(&self, now: Instant, address: Option<IpAddr>, account: &UsernameKey) -> Result<(), Duration> {
        let (address, account) = self.keys(address, account);
        let mut buckets = self.lock();
        let wait = address
            .map_or(Duration::ZERO, |address| buckets.addresses.wait(now, address))
            .max(buckets.accounts.wait(now, account));
        if !wait.is_zero() {
            return Err(wait);
        }
        if let Some(address) = address {
            buckets.addresses.take(now, address);
        }
        buckets.accounts.take(now, account);
        Ok(())
    }

    /// The keys of the buckets. Hashed, so that a long made-up name takes no more memory than another, with
    /// secret random keys, so that nobody can choose a name that shares another's bucket.
    fn keys(&self, address: Option<IpAddr>, account: &UsernameKey) -> (Option<u64>, u64) {
        (address.map(|address| self.key(network(address))), self.key(account))
    }

    fn key(&self, value: impl Hash) -> u64 {
        self.hasher.hash_one(value)
    }

    fn lock(&self) -> MutexGuard<'_, BucketPair> {
        self.buckets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for AttemptLimits {
    /// With [`Allowance::PER_ADDRESS`] and [`Allowance::PER_ACCOUNT`].
    fn default() -> Self {
        Self::new(Allowance::PER_ADDRESS, Allowance::PER_ACCOUNT)
    }
}

impl LoginAttempts for AttemptLimits {
    fn take(&self, address: Option<IpAddr>, account: &UsernameKey) -> Result<(), Duration> {
        self.take_at(Instant::now(), address, account)
    }

    fn give_back(&self, address: Option<IpAddr>, account: &UsernameKey) {
        let (address, account) = self.keys(address, account);
        let mut buckets = self.lock();
        if let Some(address) = address {
            buckets.addresses.give_back(address);
        }
        buckets.accounts.give_back(account);
    }
}

/// The network that an address counts for.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64)),
        v4 => v4,
    }
}

/// Token buckets, each kept as the one point in time when it will be full again (the "theoretical arrival
/// time" of the generic cell rate algorithm, ITU-T I.371). A bucket that is not remembered is full.
#[derive(Debug)]
struct Buckets {
    allowance: Allowance,
    full_at: HashMap<u64, Instant>,
}

impl Buckets {
    fn new(allowance: Allowance) -> Self {
        Self { allowance, full_at: HashMap::new() }
    }

    /// How long until the bucket has a token; zero if it has one now.
    fn wait(&self, now: Instant, key: u64) -> Duration {
        let missing = self.full_at.get(&key).map_or(Duration::ZERO, |at| at.saturating_duration_since(now));
        (missing + self.allowance.refill).saturating_sub(self.allowance.span())
    }

    fn take(&mut self, now: Instant, key: u64) {
        if self.full_at.len() >= MAX_REMEMBERED && !self.full_at.contains_key(&key) {
            self.forget_the_fullest(now);
        }
        let full_at = self.full_at.entry(key).or_insert(now);
        *full_at = (*full_at).max(now) + self.allowance.refill;
    }

    fn give_back(&mut self, key: u64) {
        // Gone if the bucket was forgotten, or is full again anyway.
        if let Some(full_at) = self.full_at.get_mut(&key)
            && let Some(earlier) = full_at.checked_sub(self.allowance.refill)
        {
            *full_at = earlier;
        }
    }

    /// Makes room by forgetting the full buckets, then the fullest until half is free: who fills the table
    /// with tries on made-up names does not free the empty bucket of a real one.
    fn forget_the_fullest(&mut self, now: Instant) {
        self.full_at.retain(|_, full_at| *full_at > now);
        let room = MAX_REMEMBERED / 2;
        if self.full_at.len() > room {
            let mut times: Vec<Instant> = self.full_at.values().copied().collect();
            let surplus = times.len() - room;
            let (_, newest_forgotten, _) = times.select_nth_unstable(surplus - 1);
            let newest_forgotten = *newest_forgotten;
            self.full_at.retain(|_, full_at| *full_at > newest_forgotten);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);
    const ADDRESS: Allowance = Allowance { capacity: 4, refill: SECOND };
    const ACCOUNT: Allowance = Allowance { capacity: 2, refill: Duration::from_secs(10) };

    fn limits() -> (AttemptLimits, Instant) {
        (AttemptLimits::new(ADDRESS, ACCOUNT), Instant::now())
    }

    fn address(text: &str) -> Option<IpAddr> {
        Some(text.parse().unwrap())
    }

    fn account(name: &str) -> UsernameKey {
        UsernameKey::of(name)
    }

    #[test]
    fn an_account_has_its_tries_from_wherever_they_come() {
        let (limits, now) = limits();
        for host in ["192.0.2.1", "192.0.2.2"] {
            assert_eq!(limits.take_at(now, address(host), &account("ann")), Ok(()));
        }
        assert_eq!(limits.take_at(now, address("192.0.2.3"), &account("Ann")), Err(10 * SECOND));
        assert_eq!(limits.take_at(now, address("192.0.2.3"), &account("bob")), Ok(()));
    }

    #[test]
    fn tries_come_back_one_by_one() {
        let (limits, now) = limits();
        let ann = account("ann");
        for _ in 0..2 {
            limits.take_at(now, None, &ann).unwrap();
        }
        assert_eq!(limits.take_at(now + 4 * SECOND, None, &ann), Err(6 * SECOND));
        assert_eq!(limits.take_at(now + 10 * SECOND, None, &ann), Ok(()));
        assert_eq!(limits.take_at(now + 10 * SECOND, None, &ann), Err(10 * SECOND));
        // Long idle is no more than full.
        for _ in 0..2 {
            assert_eq!(limits.take_at(now + 1000 * SECOND, None, &ann), Ok(()));
        }
        assert!(limits.take_at(now + 1000 * SECOND, None, &ann).is_err());
    }

    #[test]
    fn an_address_has_its_tries_on_all_accounts_together() {
        let (limits, now) = limits();
        for name in ["a", "b", "c", "d"] {
            limits.take_at(now, address("192.0.2.1"), &account(name)).unwrap();
        }
        assert_eq!(limits.take_at(now, address("192.0.2.1"), &account("e")), Err(SECOND));
        assert_eq!(limits.take_at(now, address("::ffff:192.0.2.1"), &account("e")), Err(SECOND));
        // The refused tries took none of the account's.
        for _ in 0..2 {
            assert_eq!(limits.take_at(now, address("192.0.2.2"), &account("e")), Ok(()));
        }
    }

    #[test]
    fn a_network_of_64_bits_is_one_address() {
        let (limits, now) = limits();
        for (host, name) in [("::1", "a"), ("::2", "b"), (":1::", "c"), (":ffff:0:1", "d")] {
            let host = format!("2001:db8:0:1:0{host}");
            limits.take_at(now, address(&host), &account(name)).unwrap();
        }
        assert!(limits.take_at(now, address("2001:db8:0:1::9"), &account("e")).is_err());
        assert_eq!(limits.take_at(now, address("2001:db8:0:2::1"), &account("e")), Ok(()));
    }

    #[test]
    fn who_knows_the_password_is_never_slowed() {
        let (limits, now) = limits();
        for _ in 0..100 {
            limits.take_at(now, address("192.0.2.1"), &account("ann")).unwrap();
            limits.give_back(address("192.0.2.1"), &account("ann"));
        }
    }

    #[test]
    fn giving_back_what_was_not_taken_gives_nothing() {
        let (limits, now) = limits();
        let ann = account("ann");
        limits.give_back(None, &ann);
        limits.take_at(now, None, &ann).unwrap();
        for _ in 0..5 {
            limits.give_back(None, &ann);
        }
        for _ in 0..2 {
            limits.take_at(now, None, &ann).unwrap();
        }
        assert!(limits.take_at(now, None, &ann).is_err());
    }

    #[test]
    fn memory_is_bounded_and_a_flood_frees_no_emptied_bucket() {
        let (limits, now) = limits();
        let victim = account("victim");
        for _ in 0..2 {
            limits.take_at(now, None, &victim).unwrap();
        }
        for n in 0..3 * MAX_REMEMBERED {
            limits.take_at(now, None, &account(&format!("made-up-{n}"))).unwrap();
        }
        assert!(limits.lock().accounts.full_at.len() <= MAX_REMEMBERED);
        assert!(limits.take_at(now, None, &victim).is_err());
    }
}

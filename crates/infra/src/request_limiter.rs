//! The rates of requests, by the crate `governor`, in memory and for this server.

use std::collections::HashMap;
use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, PoisonError};

use arc_swap::ArcSwap;
use governor::clock::{Clock, MonotonicClock};
use governor::middleware::StateInformationMiddleware;
use governor::nanos::Nanos;
use governor::state::StateStore;
use governor::{Quota, RateLimiter};
use groupchat_domain::rates::{Allowance, RateExceeded, RequestClass, RequestLimiter, RequestRate};
use groupchat_domain::storage::Caller;

use crate::executor::sync::Mutex;

/// The parts of the table, each with a lock of its own.
const SHARDS: usize = 16;

/// How many callers a part remembers for one class.
const CALLERS: usize = 4_096;

/// The rate of each class; `None` where there is no limit.
pub type RequestRates = HashMap<RequestClass, Option<RequestRate>>;

/// Limits each caller by the generic cell rate algorithm.
pub struct GovernedRequests<C: Clock = MonotonicClock> {
    clock: C,
    classes: ArcSwap<Classes<C>>,
}

type Classes<C> = HashMap<RequestClass, Arc<Governed<C>>>;

struct Governed<C: Clock> {
    rate: RequestRate,
    limiter: RateLimiter<Caller, Callers, C, StateInformationMiddleware>,
}

impl<C: Clock> Governed<C> {
    fn new(rate: RequestRate, clock: C) -> Self {
        let quota = Quota::per_second(rate.per_second).allow_burst(rate.burst);
        Self { rate, limiter: RateLimiter::new(quota, Callers::default(), clock) }
    }
}

impl GovernedRequests {
    /// Nobody has made a request yet.
    pub fn new(rates: &RequestRates) -> Self {
        Self::with_clock(rates, MonotonicClock)
    }

    /// The same with the usual rates.
    pub fn usual() -> Self {
        Self::new(&RequestClass::ALL.iter().map(|class| (*class, Some(class.usual_rate()))).collect())
    }
}

impl<C: Clock + Clone> GovernedRequests<C> {
    fn with_clock(rates: &RequestRates, clock: C) -> Self {
        let limiter = Self { clock, classes: ArcSwap::default() };
        limiter.set_rates(rates);
        limiter
    }

    /// Goes on with other rates. Where a rate stays, so does what callers have used up of it.
    pub fn set_rates(&self, rates: &RequestRates) {
        let before = self.classes.load();
        let governed = |(class, rate): (&RequestClass, &Option<RequestRate>)| {
            let rate = (*rate)?;
            let same = before.get(class).filter(|governed| governed.rate == rate).cloned();
            Some((*class, same.unwrap_or_else(|| Arc::new(Governed::new(rate, self.clock.clone())))))
        };
        self.classes.store(Arc::new(rates.iter().filter_map(governed).collect()));
    }
}

impl<C: Clock> fmt::Debug for GovernedRequests<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let classes = self.classes.load();
        f.debug_map().entries(classes.iter().map(|(class, governed)| (class, governed.rate))).finish()
    }
}

impl<C> RequestLimiter for GovernedRequests<C>
where
    C: Clock + Send + Sync,
    C::Instant: Send + Sync,
{
    fn take(&self, class: RequestClass, caller: Caller) -> Result<Option<Allowance>, RateExceeded> {
        let classes = self.classes.load();
        let Some(governed) = classes.get(&class) else { return Ok(None) };
        let Governed { rate, limiter } = &**governed;
        if caller == Caller::System {
            return Ok(None);
        }
        match limiter.check_key(&caller) {
            Ok(state) => Ok(Some(Allowance { rate: *rate, left: state.remaining_burst_capacity() })),
            Err(refused) => {
                Err(RateExceeded { rate: *rate, wait: refused.wait_time_from(limiter.clock().now()) })
            }
        }
    }
}

/// When each caller will be at rest again. That of `governor` grows with every address that anybody makes up; this one
/// forgets those who are nearest to it, who lose least by it, and gain least.
#[derive(Debug)]
struct Callers {
    hasher: RandomState,
    shards: [Mutex<HashMap<Caller, Nanos>>; SHARDS],
}

impl Default for Callers {
    fn default() -> Self {
        Self { hasher: RandomState::new(), shards: std::array::from_fn(|_| Mutex::default()) }
    }
}

impl StateStore for Callers {
    type Key = Caller;

    fn measure_and_replace<T, F, E>(&self, key: &Caller, measure: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let shard = usize::try_from(self.hasher.hash_one(key) % SHARDS as u64).unwrap_or_default();
        let mut shard = self.shards[shard].lock().unwrap_or_else(PoisonError::into_inner);
        let (outcome, rested_at) = measure(shard.get(key).copied())?;
        if shard.len() >= CALLERS && !shard.contains_key(key) {
            forget_half(&mut shard);
        }
        shard.insert(*key, rested_at);
        Ok(outcome)
    }
}

fn forget_half(callers: &mut HashMap<Caller, Nanos>) {
    let mut times: Vec<Nanos> = callers.values().copied().collect();
    let half = times.len() / 2;
    let (_, median, _) = times.select_nth_unstable(half);
    let median = *median;
    callers.retain(|_, rested_at| *rested_at > median);
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use governor::clock::FakeRelativeClock;
    use groupchat_domain::ids::UserId;
    use groupchat_domain::network::Network;

    use super::*;

    const ANN: Caller = Caller::User(UserId::new(1));
    const BOB: Caller = Caller::User(UserId::new(2));

    fn stranger(number: u32) -> Caller {
        Caller::Network(Network::of(std::net::IpAddr::from((u128::from(number) << 64).to_be_bytes())))
    }

    /// Sends at 2 a second, 10 at once, and reads without a limit.
    fn limiter() -> (GovernedRequests<FakeRelativeClock>, FakeRelativeClock) {
        let rates = [(RequestClass::Send, Some(RequestRate::new(2, 10))), (RequestClass::Read, None)];
        let clock = FakeRelativeClock::default();
        (GovernedRequests::with_clock(&rates.into(), clock.clone()), clock)
    }

    fn count(limiter: &impl RequestLimiter, caller: Caller) -> usize {
        (0..1_000).take_while(|_| limiter.take(RequestClass::Send, caller).is_ok()).count()
    }

    #[test]
    fn a_burst_passes_and_then_as_many_as_come_back() {
        let (limiter, clock) = limiter();
        assert_eq!(count(&limiter, ANN), 10);
        clock.advance(Duration::from_secs(3));
        assert_eq!(count(&limiter, ANN), 6);
        clock.advance(Duration::from_secs(1_000));
        assert_eq!(count(&limiter, ANN), 10);
        assert_eq!(count(&limiter, BOB), 10, "nobody waits for somebody else");
    }

    #[test]
    fn what_is_left_and_how_long_to_wait_is_told() {
        let (limiter, clock) = limiter();
        let left: Vec<_> = (0..10)
            .map(|_| limiter.take(RequestClass::Send, ANN).unwrap().map(|allowance| allowance.left))
            .collect();
        assert_eq!((left[0], left[9]), (Some(9), Some(0)));
        let early = limiter.take(RequestClass::Send, ANN).unwrap_err();
        assert_eq!((early.rate.burst.get(), early.wait), (10, Duration::from_millis(500)));
        clock.advance(early.wait - Duration::from_millis(1));
        assert!(limiter.take(RequestClass::Send, ANN).is_err());
        clock.advance(Duration::from_millis(1));
        assert!(limiter.take(RequestClass::Send, ANN).is_ok());
    }

    #[test]
    fn a_class_without_a_rate_and_the_server_itself_have_no_limit() {
        let (limiter, _) = limiter();
        assert_eq!(count(&limiter, Caller::System), 1_000);
        for class in [RequestClass::Read, RequestClass::Login] {
            assert!((0..1_000).all(|_| limiter.take(class, ANN) == Ok(None)));
        }
    }

    #[test]
    fn other_rates_hold_at_once_and_a_rate_that_stays_forgets_nothing() {
        let (limiter, _) = limiter();
        assert_eq!(count(&limiter, ANN), 10);
        let (send, read) = (RequestRate::new(2, 10), RequestRate::new(1, 3));
        limiter.set_rates(&[(RequestClass::Send, Some(send)), (RequestClass::Read, Some(read))].into());
        assert_eq!(count(&limiter, ANN), 0);
        let reads = (0..9).filter(|_| limiter.take(RequestClass::Read, ANN).is_ok());
        assert_eq!(reads.count(), 3);
        limiter.set_rates(&[(RequestClass::Send, None)].into());
        assert_eq!(count(&limiter, ANN), 1_000);
    }

    #[test]
    fn made_up_addresses_neither_fill_the_memory_nor_free_an_offender() {
        let (limiter, clock) = limiter();
        assert_eq!(count(&limiter, ANN), 10);
        for number in 0..200_000 {
            clock.advance(Duration::from_micros(1));
            limiter.take(RequestClass::Send, stranger(number)).unwrap();
        }
        assert_eq!(count(&limiter, ANN), 0, "200 ms later, not even one has come back");
        let remembered = |shard: &Mutex<HashMap<_, _>>| shard.lock().unwrap().len();
        let sends = limiter.classes.load()[&RequestClass::Send].clone();
        drop(limiter);
        let callers = Arc::into_inner(sends).unwrap().limiter.into_state_store();
        let remembered: usize = callers.shards.iter().map(remembered).sum();
        assert!(remembered <= SHARDS * CALLERS, "{remembered} callers are remembered");
    }

    #[test]
    fn a_busy_bot_meets_no_usual_limit_and_a_flood_does() {
        let usual = RequestClass::ALL.iter().map(|class| (*class, Some(class.usual_rate())));
        let clock = FakeRelativeClock::default();
        let limiter = GovernedRequests::with_clock(&usual.collect(), clock.clone());
        for _ in 0..600 {
            assert!((0..400).all(|_| limiter.take(RequestClass::Send, ANN).is_ok()));
            clock.advance(Duration::from_secs(1));
        }
        let sent = |_| {
            clock.advance(Duration::from_millis(100));
            (0..10_000).filter(|_| limiter.take(RequestClass::Send, BOB).is_ok()).count()
        };
        let sent: usize = (0..100).map(sent).sum();
        assert!((29_000..32_000).contains(&sent), "{sent} in ten seconds");
    }
}

//! A limited resource that is shared fairly among callers.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use groupchat_domain::network::Supernet;
use groupchat_domain::storage::Caller;

/// Amounts up to this are small, in bytes: the first page of most lists is smaller.
const SMALL_AMOUNT: u64 = 64 << 10;

/// A caller that holds nothing always gets amounts up to this. Every connection holds as much in any case.
const LEAST: u64 = 32 << 10;

/// A limited amount of something: requests or bytes.
///
/// A caller may take more while they hold less than a share: a fixed maximum, but never more than half of what is left.
/// So each caller leaves about two thirds of what they find to those who hold less, and the share shrinks as more
/// callers come (the dynamic thresholds of shared buffers in switches, Choudhury and Hahne, 1998). The last amount
/// taken may exceed the share, so that something larger than a share can be taken at all.
///
/// In addition, the networks of a supernet share one share, since one customer may have tens of thousands of
/// networks.
#[derive(Debug)]
pub(crate) struct Budget {
    each: u64,
    total: u64,
    /// Extra amount beyond the total, for callers that hold nothing and take a small amount. Amounts up to `LEAST` are
    /// granted even beyond this.
    spare: u64,
    taken: Mutex<Usage>,
}

/// What is taken at present.
#[derive(Debug, Default)]
struct Usage {
    by_all: u64,
    /// By each caller that holds something.
    by: HashMap<Caller, u64>,
    by_supernet: HashMap<Supernet, u64>,
}

/// Why a caller gets nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exhausted {
    /// The caller holds as much as one caller may.
    ByCaller,
    /// All callers together hold too much.
    ByAll,
}

/// An amount that a caller has taken. Dropping it returns the amount.
#[derive(Debug)]
pub struct Permit {
    budget: Arc<Budget>,
    caller: Caller,
    amount: u64,
}

impl Budget {
    /// A budget with a limit per caller and a limit for all of them together.
    pub(crate) fn new(each: u64, total: u64) -> Arc<Self> {
        Self::with_spare(each, total, 0)
    }

    /// The same, with an extra amount for callers that hold nothing and take a small amount.
    pub(crate) fn with_spare(each: u64, total: u64, spare: u64) -> Arc<Self> {
        Arc::new(Self { each, total, spare, taken: Mutex::default() })
    }

    /// What all callers hold together.
    #[cfg(test)]
    pub(crate) fn held(&self) -> u64 {
        self.locked().by_all
    }

    /// Whether the caller may take something now.
    ///
    /// # Errors
    /// Why the caller may not.
    pub(crate) fn check(&self, caller: Caller) -> Result<(), Exhausted> {
        self.check_locked(&self.locked(), caller, 0)
    }

    /// Takes an amount for the caller.
    ///
    /// # Errors
    /// Why the caller may not.
    pub(crate) fn take(self: &Arc<Self>, caller: Caller, amount: u64) -> Result<Permit, Exhausted> {
        let mut taken = self.locked();
        self.check_locked(&taken, caller, amount)?;
        taken.add(caller, amount);
        Ok(Permit { budget: Arc::clone(self), caller, amount })
    }

    fn check_locked(&self, taken: &Usage, caller: Caller, amount: u64) -> Result<(), Exhausted> {
        let held = taken.by.get(&caller).copied().unwrap_or(0);
        let left = self.total.saturating_sub(taken.by_all);
        let is_fair = left > 0 && taken.with_neighbours(caller, held) <= left / 2;
        let has_spare = amount <= LEAST || (amount <= SMALL_AMOUNT && taken.by_all < self.total + self.spare);
        let gets_spare = held == 0 && has_spare;
        if held >= self.each {
            Err(Exhausted::ByCaller)
        } else if is_fair || (self.spare > 0 && gets_spare) {
            Ok(())
        } else {
            Err(Exhausted::ByAll)
        }
    }

    fn locked(&self) -> MutexGuard<'_, Usage> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Usage {
    fn add(&mut self, caller: Caller, amount: u64) {
        if amount > 0 {
            self.by_all += amount;
            *self.by.entry(caller).or_default() += amount;
            if let Some(supernet) = supernet(caller) {
                *self.by_supernet.entry(supernet).or_default() += amount;
            }
        }
    }

    fn refund(&mut self, caller: Caller, amount: u64) {
        self.by_all -= amount;
        reduce(&mut self.by, caller, amount);
        if let Some(supernet) = supernet(caller) {
            reduce(&mut self.by_supernet, supernet, amount);
        }
    }

    /// What a user holds, or a network together with its neighbours.
    fn with_neighbours(&self, caller: Caller, held: u64) -> u64 {
        let all = supernet(caller).and_then(|supernet| self.by_supernet.get(&supernet));
        all.copied().unwrap_or(held)
    }
}

fn supernet(caller: Caller) -> Option<Supernet> {
    match caller {
        Caller::Network(network) => Some(network.supernet()),
        _ => None,
    }
}

/// Subtracts from a count, and removes it at zero.
fn reduce<K: Eq + Hash>(counts: &mut HashMap<K, u64>, of: K, amount: u64) {
    if let Some(held) = counts.get_mut(&of) {
        *held -= amount;
        if *held == 0 {
            counts.remove(&of);
        }
    }
}

impl Permit {
    /// Adds an amount to the permit, if the caller may take it.
    ///
    /// # Errors
    /// Why the caller may not. The permit stays as it was.
    pub fn grow(&mut self, amount: u64) -> Result<(), Exhausted> {
        let mut taken = self.budget.locked();
        self.budget.check_locked(&taken, self.caller, amount)?;
        taken.add(self.caller, amount);
        self.amount += amount;
        Ok(())
    }

    /// The amount of the permit.
    pub const fn amount(&self) -> u64 {
        self.amount
    }

    /// Changes the amount without a check, because what was taken turned out larger or smaller.
    pub fn resize(&mut self, amount: u64) {
        let mut taken = self.budget.locked();
        taken.refund(self.caller, self.amount);
        taken.add(self.caller, amount);
        self.amount = amount;
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.budget.locked().refund(self.caller, self.amount);
    }
}

#[cfg(test)]
mod tests {
    use groupchat_domain::ids::UserId;
    use groupchat_domain::network::Network;

    use super::*;

    const ANN: Caller = Caller::User(UserId::new(1));
    const BOB: Caller = Caller::User(UserId::new(2));
    const STRANGER: Caller = Caller::Network(Network::UNKNOWN);

    fn user(number: i64) -> Caller {
        Caller::User(UserId::new(number))
    }

    /// Takes one at a time until the budget is exhausted.
    fn take_all(budget: &Arc<Budget>, caller: Caller) -> (Vec<Permit>, Exhausted) {
        let mut permits = Vec::new();
        loop {
            match budget.take(caller, 1) {
                Ok(permit) => permits.push(permit),
                Err(exhausted) => return (permits, exhausted),
            }
        }
    }

    #[test]
    fn a_caller_is_limited_and_gets_its_permits_back() {
        let budget = Budget::new(2, 100);
        let (mut permits, why) = take_all(&budget, ANN);
        assert_eq!((permits.len(), why), (2, Exhausted::ByCaller));
        assert_eq!(take_all(&budget, BOB).0.len(), 2);
        let strangers = take_all(&budget, STRANGER).0;
        assert_eq!(strangers.len(), 2);
        permits.pop();
        assert_eq!(budget.check(ANN), Ok(()));
        permits.push(budget.take(ANN, 1).unwrap());
        assert_eq!(budget.check(ANN), Err(Exhausted::ByCaller));
        drop((permits, strangers));
        let taken = budget.locked();
        assert!(taken.by.is_empty());
        assert_eq!(taken.by_all, 0);
    }

    #[test]
    fn the_last_amount_may_exceed_what_is_left() {
        let budget = Budget::new(10, 100);
        let small = budget.take(ANN, 9).unwrap();
        let large = budget.take(ANN, 1_000).unwrap();
        assert_eq!(budget.check(ANN).unwrap_err(), Exhausted::ByCaller);
        // Nothing is left for any caller.
        assert_eq!(budget.check(BOB).unwrap_err(), Exhausted::ByAll);
        drop(large);
        assert_eq!(budget.check(BOB), Ok(()));
        drop(small);
    }

    #[test]
    fn greedy_callers_leave_something_for_a_caller_that_holds_nothing() {
        let budget = Budget::new(100, 1_000);
        let mut held = Vec::new();
        for number in 0..15 {
            let (permits, why) = take_all(&budget, user(number));
            assert!(!permits.is_empty(), "{number}");
            if number > 10 {
                assert_eq!(why, Exhausted::ByAll);
            }
            held.extend(permits);
            assert!(held.len() <= 1_000);
        }
        assert_eq!(budget.check(user(99)), Ok(()));
    }

    #[test]
    fn neighbours_share_one_share() {
        let budget = Budget::new(4, 90);
        let network = |text: String| Caller::Network(Network::of(text.parse().unwrap()));
        // A customer with a /48, of which each /64 takes all it can get.
        let held: Vec<_> =
            (0..100).flat_map(|n| take_all(&budget, network(format!("2001:db8:1:{n:x}::1"))).0).collect();
        assert_eq!(held.len(), 31);
        assert_eq!(take_all(&budget, network("2001:db8:2::1".to_owned())).0.len(), 4);
        drop(held);
        assert!(budget.locked().by_supernet.is_empty());
    }

    #[test]
    fn a_caller_that_holds_nothing_gets_a_small_amount_beyond_the_total() {
        let budget = Budget::with_spare(1 << 20, 1 << 20, 2 * SMALL_AMOUNT);
        let all = budget.take(ANN, 1 << 20).unwrap();
        assert_eq!(budget.take(BOB, SMALL_AMOUNT + 1).unwrap_err(), Exhausted::ByAll);
        let first = budget.take(BOB, SMALL_AMOUNT).unwrap();
        assert_eq!(budget.take(BOB, 1).unwrap_err(), Exhausted::ByAll, "only the first");
        let others = [budget.take(user(3), SMALL_AMOUNT), budget.take(user(4), SMALL_AMOUNT)];
        assert!(others[0].is_ok() && others[1].is_err(), "only so much");
        let more: Vec<_> = (5..1_000).map(|number| budget.take(user(number), LEAST)).collect();
        assert!(more.iter().all(Result::is_ok), "the least is there for everybody");
        drop((all, first, others, more));
    }

    #[test]
    fn a_permit_grows_within_the_limits() {
        let budget = Budget::new(10, 100);
        let mut permit = budget.take(ANN, 0).unwrap();
        permit.grow(9).unwrap();
        permit.grow(9).unwrap();
        assert_eq!(permit.grow(1), Err(Exhausted::ByCaller));
        assert_eq!(permit.amount(), 18);
        drop(permit);
        assert!(budget.locked().by.is_empty());
    }

    #[test]
    fn a_resized_permit_counts_with_its_new_amount() {
        let budget = Budget::new(10, 100);
        let mut permit = budget.take(ANN, 0).unwrap();
        permit.resize(10);
        assert!(budget.check(ANN).is_err());
        permit.resize(3);
        assert_eq!((budget.check(ANN), budget.locked().by_all), (Ok(()), 3));
        drop(permit);
        assert!(budget.locked().by.is_empty());
    }
}

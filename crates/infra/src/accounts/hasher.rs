//! Password hashing with bcrypt, on a small thread pool.

mod guessing;
mod pool;
mod queue;

use std::io;
use std::thread;

use bcrypt::BcryptError;
use groupchat_domain::Error;
use groupchat_domain::accounts::{
    HashCaller, HashCost, Password, PasswordCheck, PasswordHash, PasswordHasher, Verification,
};
use groupchat_domain::storage::{BoxFuture, StorageFault};

use self::pool::HashPool;
use self::queue::HashQueueLimits;

/// The cost that a server uses: 2^12 rounds, some 0.3 s of one core a hash.
pub const DEFAULT_COST: u32 = 12;
/// The costs that bcrypt supports.
const COSTS: std::ops::RangeInclusive<u32> = 4..=31;
/// The highest cost that a server can be set to. Rejecting a password never takes longer than a hash of this cost, so
/// that a more expensive hash, stored by other means, doesn't make all logins take minutes.
const MAX_DUMMY_COST: u32 = 14;

/// Hashes with bcrypt on half of the cores, so that a burst of logins leaves the rest to messages. While strangers keep
/// these threads busy, one more thread works for known callers. Callers take turns, and are rejected at once if the
/// queue has no room for them. A caller that is gone leaves the queue.
#[derive(Debug)]
pub struct BcryptHasher {
    cost: u32,
    checks_new: bool,
    pool: HashPool,
}

impl BcryptHasher {
    /// Starts the threads. They end when the hasher is dropped.
    ///
    /// # Errors
    /// A cost outside 4 to 31, or a thread can't be started.
    pub fn start(cost: u32) -> io::Result<Self> {
        let cores = thread::available_parallelism().map_or(1, std::num::NonZero::get);
        if !COSTS.contains(&cost) {
            let reason = format!("the bcrypt cost must be {} to {}, is {cost}", COSTS.start(), COSTS.end());
            return Err(io::Error::new(io::ErrorKind::InvalidInput, reason));
        }
        Ok(Self {
            cost,
            checks_new: true,
            pool: HashPool::start((cores / 2).max(1), HashQueueLimits::USUAL)?,
        })
    }

    /// The same, but every new password is good enough.
    #[must_use]
    pub fn accepting_any(self) -> Self {
        Self { checks_new: false, ..self }
    }
}

impl PasswordHasher for BcryptHasher {
    fn is_easy_to_guess(
        &self,
        caller: HashCaller,
        password: Password,
        known: Vec<String>,
    ) -> BoxFuture<'static, Result<bool, Error>> {
        if !self.checks_new {
            return Box::pin(async { Ok(false) });
        }
        Box::pin(self.pool.submit(caller, move || Ok(guessing::is_easy(&password, &known))))
    }

    fn hash(
        &self,
        caller: HashCaller,
        password: Password,
    ) -> BoxFuture<'static, Result<PasswordHash, Error>> {
        let cost = self.cost;
        // `bcrypt::hash` truncates passwords of more than 72 bytes, which a `Password` never has. The variant that
        // rejects them also rejects 72 bytes.
        Box::pin(self.pool.submit(caller, move || {
            bcrypt::hash(password.reveal(), cost).map(PasswordHash::from_stored).map_err(broken)
        }))
    }

    fn verify(
        &self,
        caller: HashCaller,
        check: PasswordCheck,
    ) -> BoxFuture<'static, Result<Verification, Error>> {
        let cost = self.cost;
        Box::pin(self.pool.submit(caller, move || {
            verify(&check, cost, &mut |text, hash| bcrypt::verify(text, hash)).map_err(broken)
        }))
    }
}

/// Compares a text with a hash: bcrypt, or a counting stand-in in tests.
type Compare<'a> = &'a mut dyn FnMut(&str, &str) -> Result<bool, BcryptError>;

/// Verifies the normalized text, then the text as typed. How long a mismatch takes depends only on the text and the
/// highest cost.
fn verify(check: &PasswordCheck, own_cost: u32, compare: Compare<'_>) -> Result<Verification, BcryptError> {
    let highest_cost = check.highest_cost.map_or(own_cost, |HashCost(cost)| cost.min(MAX_DUMMY_COST));
    let typed = check.typed.reveal();
    let (normalized, as_typed) = (Password::normalized(typed), Password::as_typed(typed));
    if normalized.is_none() && as_typed.is_none() {
        work(typed, None, highest_cost, compare)?;
        return Ok(Verification::Wrong);
    }
    let stored_cost = check.hash.as_ref().and_then(cost_of);
    for (form, is_normalized) in [(normalized, true), (as_typed, false)] {
        let Some(form) = form else { continue };
        if let Some(hash) = &check.hash
            && compare(form.reveal(), hash.as_str())?
        {
            let up_to_date = is_normalized && stored_cost == Some(own_cost);
            return Ok(if up_to_date { Verification::Right } else { Verification::RightButOutdated });
        }
        work(typed, stored_cost, highest_cost, compare)?;
    }
    Ok(Verification::Wrong)
}

/// Spends the time of a hash of cost `in_all`, minus the time already spent on one of cost `spent`. A hash takes 2^cost
/// rounds, and 2^4 + 2^4 + 2^5 + … + 2^11 is 2^12.
fn work(text: &str, spent: Option<u32>, in_all: u32, compare: Compare<'_>) -> Result<(), BcryptError> {
    let mut costs = spent.map_or(in_all..in_all + 1, |spent| spent..in_all);
    costs.try_for_each(|cost| compare(text, &unmatched(cost)).map(drop))
}

/// The cost stated in a hash: `$2b$12$…`.
fn cost_of(hash: &PasswordHash) -> Option<u32> {
    hash.as_str().get(4..6)?.parse().ok()
}

/// A well-formed hash that matches no known password, to spend time on. It isn't computed, since the result of
/// comparing with it is never used.
fn unmatched(cost: u32) -> String {
    // A dot is six zero bits: 22 of them are the salt, 31 the digest.
    let zeros = ".".repeat(22 + 31);
    format!("$2b${cost:02}${zeros}")
}

fn broken(error: BcryptError) -> Error {
    Error::Fault(StorageFault::Internal { reason: format!("bcrypt: {error}") })
}

#[cfg(test)]
mod tests;

//! Password hashes by bcrypt, on a small pool of threads of its own.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use groupchat_domain::Error;
use groupchat_domain::accounts::{Password, PasswordHash, PasswordHasher, Secret};
use groupchat_domain::storage::{BoxFuture, StorageFault};
use tokio::sync::oneshot;

/// The cost that a server uses: 2^12 rounds, some 0.3 s of one core a hash.
pub const DEFAULT_COST: u32 = 12;
/// The costs that bcrypt knows.
const COSTS: std::ops::RangeInclusive<u32> = 4..=31;
/// How many hashes may wait, besides those at work.
const MAX_WAITING: usize = 64;
/// When a caller who found the queue full should come again: about when a third of it is done.
const RETRY_AFTER: Duration = Duration::from_secs(5);

/// One password to hash or verify, with its way back to the caller.
type Task = Box<dyn FnOnce() + Send>;

/// Hashes with bcrypt on half of the cores, so that a burst of logins leaves the rest to messages. At most
/// 64 callers wait; the next is refused at once. A caller that has gone is skipped.
#[derive(Debug)]
pub struct BcryptHasher {
    cost: u32,
    queue: SyncSender<Task>,
}

impl BcryptHasher {
    /// Starts the threads. They end when the hasher is dropped.
    ///
    /// # Errors
    /// A cost outside 4 to 31, or a thread that can't be started.
    pub fn start(cost: u32) -> io::Result<Self> {
        let cores = thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self::with_threads(cost, (cores / 2).max(1))
    }

    fn with_threads(cost: u32, threads: usize) -> io::Result<Self> {
        if !COSTS.contains(&cost) {
            let reason = format!("the bcrypt cost must be {} to {}, is {cost}", COSTS.start(), COSTS.end());
            return Err(io::Error::new(io::ErrorKind::InvalidInput, reason));
        }
        let (queue, tasks) = sync_channel(MAX_WAITING);
        let tasks = Arc::new(Mutex::new(tasks));
        for _ in 0..threads {
            let tasks = Arc::clone(&tasks);
            thread::Builder::new().name("bcrypt".into()).spawn(move || work_off(&tasks))?;
        }
        Ok(Self { cost, queue })
    }

    /// Queues `work`, and resolves with its result.
    fn submit<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, Error> + Send + 'static,
    ) -> BoxFuture<'static, Result<T, Error>> {
        let (reply, result) = oneshot::channel();
        let queued = self.queue.try_send(Box::new(move || {
            if !reply.is_closed() {
                // Nobody left to tell is no failure.
                let _ = reply.send(work());
            }
        }));
        Box::pin(async move {
            match queued {
                Err(TrySendError::Full(_)) => Err(Error::Busy { retry_after: RETRY_AFTER }),
                // A reply is dropped unsent only where its task panicked.
                Ok(()) | Err(TrySendError::Disconnected(_)) => {
                    result.await.unwrap_or(Err(Error::Fault(StorageFault::Panicked)))
                }
            }
        })
    }
}

impl PasswordHasher for BcryptHasher {
    fn hash(&self, password: Password) -> BoxFuture<'static, Result<PasswordHash, Error>> {
        let cost = self.cost;
        // `bcrypt::hash` cuts what is longer than 72 bytes, which a `Password` never is; the variant that
        // refuses to cut also refuses 72.
        self.submit(move || {
            bcrypt::hash(password.reveal(), cost).map(PasswordHash::from_stored).map_err(broken)
        })
    }

    fn verify(&self, attempt: Secret, hash: Option<PasswordHash>) -> BoxFuture<'static, Result<bool, Error>> {
        let cost = self.cost;
        self.submit(move || {
            // All paths below take one bcrypt of the text, whatever their answer is.
            let eligible = hash.is_some() && Password::parse(attempt.reveal()).is_ok();
            let hash = hash.unwrap_or_else(|| unmatched(cost));
            let matches = bcrypt::verify(attempt.reveal(), hash.as_str()).map_err(broken)?;
            Ok(matches && eligible)
        })
    }
}

/// A well-formed hash of no password in particular, to spend the time on. It needs not be computed, since
/// its answer is never used.
fn unmatched(cost: u32) -> PasswordHash {
    // A dot is six zero bits: 22 of them are the salt, 31 the digest.
    let zeros = ".".repeat(22 + 31);
    PasswordHash::from_stored(format!("$2b${cost:02}${zeros}"))
}

fn broken(error: bcrypt::BcryptError) -> Error {
    Error::Fault(StorageFault::Internal { reason: format!("bcrypt: {error}") })
}

/// Runs tasks until the hasher is dropped. A task that panics harms only itself.
fn work_off(tasks: &Mutex<Receiver<Task>>) {
    loop {
        // Bound first, so that the lock is held while waiting for a task, not while running it.
        let next = tasks.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(task) = next else { return };
        if catch_unwind(AssertUnwindSafe(task)).is_err() {
            tracing::error!("a password hash panicked");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    /// The lowest cost, so that tests are quick.
    const CHEAP: u32 = 4;

    fn password(text: &str) -> Password {
        Password::parse(text).unwrap()
    }

    fn attempt(text: &str) -> Secret {
        Secret::new(text.to_owned())
    }

    #[tokio::test]
    async fn a_password_verifies_against_its_own_hash_only() {
        let hasher = BcryptHasher::start(CHEAP).unwrap();
        let hash = hasher.hash(password("correct horse")).await.unwrap();
        assert!(hasher.verify(attempt("correct horse"), Some(hash.clone())).await.unwrap());
        assert!(!hasher.verify(attempt("wrong horse"), Some(hash)).await.unwrap());
        assert!(!hasher.verify(attempt("correct horse"), None).await.unwrap());
    }

    #[tokio::test]
    async fn the_longest_password_is_hashed_whole() {
        let hasher = BcryptHasher::start(CHEAP).unwrap();
        let longest = "x".repeat(Password::MAX_BYTES);
        let hash = hasher.hash(password(&longest)).await.unwrap();
        assert!(hasher.verify(attempt(&longest), Some(hash.clone())).await.unwrap());
        let last_differs = format!("{}y", &longest[1..]);
        assert!(!hasher.verify(attempt(&last_differs), Some(hash)).await.unwrap());
    }

    #[tokio::test]
    async fn text_that_bcrypt_would_cut_or_end_early_is_never_right() {
        let hasher = BcryptHasher::start(CHEAP).unwrap();
        let longest = "x".repeat(Password::MAX_BYTES);
        let hash = hasher.hash(password(&longest)).await.unwrap();
        assert!(!hasher.verify(attempt(&format!("{longest}x")), Some(hash)).await.unwrap());
        let hash = hasher.hash(password("password")).await.unwrap();
        for wrong in ["password\0", "password\0password", "", "short"] {
            assert!(!hasher.verify(attempt(wrong), Some(hash.clone())).await.unwrap(), "{wrong:?}");
        }
    }

    #[tokio::test]
    async fn an_unreadable_hash_is_a_fault_and_not_a_no() {
        let hasher = BcryptHasher::start(CHEAP).unwrap();
        let damaged = PasswordHash::from_stored("$2b$04$damaged".into());
        let answer = hasher.verify(attempt("password"), Some(damaged)).await;
        assert!(matches!(answer, Err(Error::Fault(StorageFault::Internal { .. }))), "{answer:?}");
    }

    #[test]
    fn the_stand_in_for_a_missing_hash_has_the_cost_of_the_others() {
        for cost in [CHEAP, DEFAULT_COST] {
            let parts: bcrypt::HashParts = unmatched(cost).as_str().parse().unwrap();
            assert_eq!(parts.get_cost(), cost);
        }
        assert!(!bcrypt::verify("password", unmatched(CHEAP).as_str()).unwrap());
    }

    /// A hasher whose only thread is held up until the sender is dropped or used.
    fn held_up() -> (BcryptHasher, mpsc::Sender<()>) {
        let hasher = BcryptHasher::with_threads(CHEAP, 1).unwrap();
        let (release, released) = mpsc::channel();
        let (begun, has_begun) = mpsc::channel();
        // The result is not awaited, but the task has begun before its receiver is dropped.
        let held = hasher.submit(move || {
            begun.send(()).unwrap();
            let _ = released.recv();
            Ok(())
        });
        has_begun.recv().unwrap();
        drop(held);
        (hasher, release)
    }

    #[tokio::test]
    async fn a_full_queue_refuses_at_once_and_recovers() {
        let (hasher, release) = held_up();
        let waiting: Vec<_> = (0..MAX_WAITING).map(|_| hasher.hash(password("password"))).collect();
        let refused = hasher.hash(password("password")).await;
        assert_eq!(refused, Err(Error::Busy { retry_after: RETRY_AFTER }));
        drop(release);
        for hash in waiting {
            hash.await.unwrap();
        }
        hasher.hash(password("password")).await.unwrap();
    }

    #[tokio::test]
    async fn an_abandoned_request_is_skipped() {
        let (hasher, release) = held_up();
        let (ran, has_run) = mpsc::channel();
        drop(hasher.submit(move || {
            ran.send(()).unwrap();
            Ok(())
        }));
        drop(release);
        hasher.hash(password("password")).await.unwrap();
        // The abandoned task came first, and dropped its sender without using it.
        assert_eq!(has_run.try_recv(), Err(mpsc::TryRecvError::Disconnected));
    }

    #[tokio::test]
    async fn a_panic_is_answered_and_the_thread_lives_on() {
        let hasher = BcryptHasher::with_threads(CHEAP, 1).unwrap();
        let panicked = hasher.submit::<()>(|| panic!("in a test")).await;
        assert_eq!(panicked, Err(Error::Fault(StorageFault::Panicked)));
        hasher.hash(password("password")).await.unwrap();
    }

    #[test]
    fn an_impossible_cost_is_refused() {
        for cost in [0, 3, 32] {
            assert_eq!(BcryptHasher::start(cost).unwrap_err().kind(), io::ErrorKind::InvalidInput);
        }
    }
}

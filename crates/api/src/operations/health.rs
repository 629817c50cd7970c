//! Checks whether the storage works, rarely enough that anyone may ask.

use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use actix_web::rt::time::timeout;
use futures_util::FutureExt;
use futures_util::future::Shared;
use groupchat_domain::Error;
use groupchat_domain::operations::probe;
use groupchat_domain::storage::{BoxFuture, Condition, Storage, StorageFault};

/// How long the storage may take before the server counts as unhealthy.
const PROBE_TIMEOUT: Duration = Duration::from_secs(2);
/// How old a result may be.
const FRESH_FOR: Duration = Duration::from_secs(1);

type ProbeResult = Shared<BoxFuture<'static, Result<Condition, Error>>>;

/// Checks whether the storage works: one check at a time, unless it takes too long, and one per second. All callers
/// meanwhile share the result.
pub(crate) struct HealthProbe {
    probe_timeout: Duration,
    latest: Mutex<Option<Look>>,
}

impl Default for HealthProbe {
    fn default() -> Self {
        Self { probe_timeout: PROBE_TIMEOUT, latest: Mutex::default() }
    }
}

struct Look {
    begun: Instant,
    answer: ProbeResult,
}

impl Look {
    /// Whether its result, or the wait for it, can still be shared. A check that takes too long may be one that nobody
    /// awaited, so that it made no progress.
    fn serves(&self, probe_timeout: Duration) -> bool {
        let age = if self.answer.peek().is_some() { FRESH_FOR } else { probe_timeout };
        self.begun.elapsed() < age
    }
}

impl HealthProbe {
    /// Whether the storage can be read and written, as of a second ago or later. Each caller has its own timer, because
    /// the check may have begun on another worker or long before.
    ///
    /// # Errors
    /// A fault, also when there is no response in time.
    pub(crate) async fn look(&self, storage: &Arc<dyn Storage>) -> Result<Condition, Error> {
        timeout(self.probe_timeout, self.answer(storage)).await.unwrap_or_else(|_| {
            Err(Error::Fault(StorageFault::Unavailable { reason: "no response in time".to_owned() }))
        })
    }

    fn answer(&self, storage: &Arc<dyn Storage>) -> ProbeResult {
        let mut latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner);
        match &*latest {
            Some(look) if look.serves(self.probe_timeout) => look.answer.clone(),
            _ => {
                let answer = begin(Arc::clone(storage));
                latest.insert(Look { begun: Instant::now(), answer }).answer.clone()
            }
        }
    }
}

fn begin(storage: Arc<dyn Storage>) -> ProbeResult {
    let looking = AssertUnwindSafe(async move { probe(&*storage).await }).catch_unwind();
    // A panic must not reach the shared future, which would pass it on to all callers.
    looking.map(|outcome| outcome.unwrap_or(Err(Error::Fault(StorageFault::Panicked)))).boxed().shared()
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use futures_util::future::join_all;
    use groupchat_domain::accounts::KeyHash;
    use groupchat_domain::storage::{Access, Done, Work};

    use super::*;

    /// A storage that counts commands and never replies.
    #[derive(Default)]
    struct Hanging {
        asked: AtomicUsize,
    }

    impl Storage for Hanging {
        fn submit(&self, _: Access, _: Work) -> Done {
            self.asked.fetch_add(1, Ordering::Relaxed);
            Box::pin(std::future::pending())
        }

        fn knows_key(&self, _: &KeyHash) -> bool {
            false
        }
    }

    fn probe_and_storage() -> (HealthProbe, Arc<Hanging>, Arc<dyn Storage>) {
        let probe = HealthProbe { probe_timeout: Duration::from_millis(20), latest: Mutex::default() };
        let storage = Arc::new(Hanging::default());
        (probe, Arc::clone(&storage), storage)
    }

    fn is_unavailable(answer: &Result<Condition, Error>) -> bool {
        matches!(answer, Err(Error::Fault(StorageFault::Unavailable { .. })))
    }

    #[actix_web::test]
    async fn a_storage_that_hangs_is_unwell_and_asked_once_for_all() {
        let (probe, hanging, storage) = probe_and_storage();
        let answers = join_all((0..100).map(|_| probe.look(&storage))).await;
        assert!(answers.iter().all(is_unavailable), "{answers:?}");
        assert_eq!(hanging.asked.load(Ordering::Relaxed), 1);
    }

    /// A storage that counts commands and rejects each one.
    #[derive(Default)]
    struct Gone {
        asked: AtomicUsize,
    }

    impl Storage for Gone {
        fn submit(&self, _: Access, _: Work) -> Done {
            self.asked.fetch_add(1, Ordering::Relaxed);
            Box::pin(async { Err(StorageFault::Unavailable { reason: "gone".to_owned() }) })
        }

        fn knows_key(&self, _: &KeyHash) -> bool {
            false
        }
    }

    #[actix_web::test]
    async fn an_answer_is_given_again_until_it_is_too_old() {
        let (probe, gone) = (HealthProbe::default(), Arc::new(Gone::default()));
        let storage: Arc<dyn Storage> = gone.clone();
        for _ in 0..2 {
            assert!(is_unavailable(&probe.look(&storage).await));
        }
        assert_eq!(gone.asked.load(Ordering::Relaxed), 1);
        let earlier = Instant::now().checked_sub(FRESH_FOR).expect("the clock is past its first second");
        probe.latest.lock().unwrap().as_mut().expect("there is a look").begun = earlier;
        assert!(is_unavailable(&probe.look(&storage).await));
        assert_eq!(gone.asked.load(Ordering::Relaxed), 2);
    }

    #[actix_web::test]
    async fn a_look_that_somebody_left_goes_on_for_the_next() {
        let (probe, hanging, storage) = probe_and_storage();
        assert!(probe.look(&storage).now_or_never().is_none());
        assert!(is_unavailable(&probe.look(&storage).await));
        assert_eq!(hanging.asked.load(Ordering::Relaxed), 1);
    }

    #[actix_web::test]
    async fn a_look_that_somebody_left_long_ago_is_begun_anew() {
        let (probe, hanging, storage) = probe_and_storage();
        assert!(probe.look(&storage).now_or_never().is_none());
        probe.latest.lock().unwrap().as_mut().expect("there is a look").begun -= probe.probe_timeout;
        assert!(probe.look(&storage).now_or_never().is_none());
        assert_eq!(hanging.asked.load(Ordering::Relaxed), 2);
    }

    /// A storage that panics.
    struct Panicking;

    impl Storage for Panicking {
        fn submit(&self, _: Access, _: Work) -> Done {
            Box::pin(async { panic!("boom") })
        }

        fn knows_key(&self, _: &KeyHash) -> bool {
            false
        }
    }

    #[actix_web::test]
    async fn a_panic_is_a_fault_to_all_who_share_the_look() {
        let (probe, storage): (_, Arc<dyn Storage>) = (HealthProbe::default(), Arc::new(Panicking));
        for answer in join_all((0..3).map(|_| probe.look(&storage))).await {
            assert_eq!(answer, Err(Error::Fault(StorageFault::Panicked)));
        }
    }
}

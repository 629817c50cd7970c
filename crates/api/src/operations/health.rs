//! Looking whether the storage works, seldom enough that anybody may ask.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use actix_web::rt::time::timeout;
use futures_util::FutureExt;
use futures_util::future::Shared;
use groupchat_domain::Error;
use groupchat_domain::operations::probe;
use groupchat_domain::storage::{BoxFuture, Storage, StorageFault};

/// How long the storage may take before the server counts as unwell.
const PATIENCE: Duration = Duration::from_secs(2);
/// How old an answer may be.
const FRESH_FOR: Duration = Duration::from_secs(1);

type Answer = Shared<BoxFuture<'static, Result<(), Error>>>;

/// Looks whether the storage works: at most one look at a time and one a second, whose answer all share who
/// ask meanwhile.
pub struct HealthProbe {
    patience: Duration,
    latest: Mutex<Option<Look>>,
}

impl Default for HealthProbe {
    fn default() -> Self {
        Self { patience: PATIENCE, latest: Mutex::default() }
    }
}

struct Look {
    begun: Instant,
    answer: Answer,
}

impl Look {
    /// A look that nobody waits for any more stands still, and goes on with the next who asks.
    fn serves(&self) -> bool {
        self.answer.peek().is_none() || self.begun.elapsed() < FRESH_FOR
    }
}

impl HealthProbe {
    /// Whether the storage can be read and takes writes, as of a second ago or later.
    ///
    /// # Errors
    /// A fault, also when there is no answer in time.
    pub async fn look(&self, storage: &Arc<dyn Storage>) -> Result<(), Error> {
        self.answer(storage).await
    }

    fn answer(&self, storage: &Arc<dyn Storage>) -> Answer {
        let mut latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner);
        match &*latest {
            Some(look) if look.serves() => look.answer.clone(),
            _ => {
                let answer = begin(Arc::clone(storage), self.patience);
                latest.insert(Look { begun: Instant::now(), answer }).answer.clone()
            }
        }
    }
}

fn begin(storage: Arc<dyn Storage>, patience: Duration) -> Answer {
    async move {
        let outcome = timeout(patience, probe(&*storage)).await.unwrap_or_else(|_| {
            Err(Error::Fault(StorageFault::Unavailable { reason: "no answer in time".to_owned() }))
        });
        if let Err(error) = &outcome {
            tracing::error!(%error, "the storage is unwell");
        }
        outcome
    }
    .boxed()
    .shared()
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use futures_util::future::join_all;
    use groupchat_domain::accounts::KeyHash;
    use groupchat_domain::storage::{Access, Done, Work};

    use super::*;

    /// A storage that counts commands and never answers one.
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
        let probe = HealthProbe { patience: Duration::from_millis(20), latest: Mutex::default() };
        let storage = Arc::new(Hanging::default());
        (probe, Arc::clone(&storage), storage)
    }

    fn is_unavailable(answer: &Result<(), Error>) -> bool {
        matches!(answer, Err(Error::Fault(StorageFault::Unavailable { .. })))
    }

    #[actix_web::test]
    async fn a_storage_that_hangs_is_unwell_and_asked_once_for_all() {
        let (probe, hanging, storage) = probe_and_storage();
        let answers = join_all((0..100).map(|_| probe.look(&storage))).await;
        assert!(answers.iter().all(is_unavailable), "{answers:?}");
        assert!(is_unavailable(&probe.look(&storage).await));
        assert_eq!(hanging.asked.load(Ordering::Relaxed), 1);
    }

    #[actix_web::test]
    async fn an_answer_that_is_too_old_is_not_given_again() {
        let (probe, hanging, storage) = probe_and_storage();
        assert!(is_unavailable(&probe.look(&storage).await));
        let earlier = Instant::now().checked_sub(FRESH_FOR).expect("the clock is past its first second");
        probe.latest.lock().unwrap().as_mut().expect("there is a look").begun = earlier;
        assert!(is_unavailable(&probe.look(&storage).await));
        assert_eq!(hanging.asked.load(Ordering::Relaxed), 2);
    }

    #[actix_web::test]
    async fn a_look_that_somebody_left_goes_on_for_the_next() {
        let (probe, hanging, storage) = probe_and_storage();
        assert!(probe.look(&storage).now_or_never().is_none());
        probe.latest.lock().unwrap().as_mut().expect("there is a look").begun -= FRESH_FOR;
        assert!(is_unavailable(&probe.look(&storage).await));
        assert_eq!(hanging.asked.load(Ordering::Relaxed), 1);
    }
}

//! A storage for subscribers that retries when the queue is full: that is no reason to close a connection.

use std::sync::{Arc, Mutex, PoisonError};

use groupchat_domain::storage::{Access, Done, Storage, StorageFault, Work};
use tokio::time::sleep;

/// The same storage. It retries once what a full queue rejected.
pub(super) struct RetryingStorage(pub Arc<dyn Storage>);

impl Storage for RetryingStorage {
    fn inner(&self) -> Option<&dyn Storage> {
        Some(&*self.0)
    }

    fn submit(&self, access: Access, work: Work) -> Done {
        let (storage, work) = (Arc::clone(&self.0), Arc::new(Mutex::new(work)));
        let submit = move || {
            let work = Arc::clone(&work);
            storage
                .submit(access, Box::new(move |tx| work.lock().unwrap_or_else(PoisonError::into_inner)(tx)))
        };
        Box::pin(async move {
            match submit().await {
                Err(StorageFault::Overloaded { retry_after }) => {
                    sleep(retry_after).await;
                    submit().await
                }
                outcome => outcome,
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use groupchat_domain::storage::{Caller, CommitDecision, Mode};

    use super::*;

    /// A storage that fails in one way and counts calls.
    struct Failing(StorageFault, AtomicUsize);

    impl Storage for Failing {
        fn submit(&self, _: Access, _: Work) -> Done {
            self.1.fetch_add(1, Ordering::Relaxed);
            let fault = self.0.clone();
            Box::pin(async { Err(fault) })
        }
    }

    #[actix_web::test]
    async fn only_a_full_queue_is_retried_and_only_once() {
        let full = StorageFault::Overloaded { retry_after: Duration::from_millis(1) };
        for (fault, tries) in [(full, 2), (StorageFault::Panicked, 1)] {
            let failing = Arc::new(Failing(fault.clone(), AtomicUsize::new(0)));
            let access = Access { mode: Mode::Read, caller: Caller::System };
            let patient = RetryingStorage(failing.clone());
            assert_eq!(patient.submit(access, Box::new(|_| CommitDecision::Commit)).await, Err(fault));
            assert_eq!(failing.1.load(Ordering::Relaxed), tries);
        }
    }
}

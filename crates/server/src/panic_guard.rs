//! Restarts background tasks that panic.

use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;

/// The future's output, or `None` once it has panicked.
pub(crate) async fn guarded<T>(future: impl Future<Output = T>) -> Option<T> {
    let mut future = pin!(future);
    poll_fn(|context| {
        let polled = catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context)));
        polled.map_or(Poll::Ready(None), |poll| poll.map(Some))
    })
    .await
}

#[cfg(test)]
pub(crate) use broken::BrokenStorage;

#[cfg(test)]
mod broken {
    use std::time::Duration;

    use groupchat_domain::accounts::KeyHash;
    use groupchat_domain::storage::{Access, Done, Storage, Work};
    use tokio::sync::Semaphore;
    use tokio::time::timeout;

    /// A storage that panics at every command, and tells how many there were.
    pub(crate) struct BrokenStorage(Semaphore);

    impl Default for BrokenStorage {
        fn default() -> Self {
            Self(Semaphore::new(0))
        }
    }

    impl BrokenStorage {
        /// Waits for so many more commands.
        pub(crate) async fn tried(&self, times: u32) {
            let tried = timeout(Duration::from_secs(20), self.0.acquire_many(times)).await;
            tried.expect("a command comes in time").expect("it is never closed").forget();
        }
    }

    impl Storage for BrokenStorage {
        fn submit(&self, _: Access, _: Work) -> Done {
            self.0.add_permits(1);
            panic!("the storage is broken, as the test wants it")
        }

        fn knows_key(&self, _: &KeyHash) -> bool {
            false
        }
    }
}

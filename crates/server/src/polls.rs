//! Closes polls at their time, and tells of votes that were not told at once, in the background.

use std::sync::Arc;
use std::time::Duration;

use groupchat_domain::polls::run_due;
use groupchat_domain::storage::Storage;

use crate::jobs::JobSignal;
use crate::panic_guard::guarded;

/// How often to look at least: another server may have stopped since it was told of a poll, and the clock may have been set.
const POLL_INTERVAL: Duration = Duration::from_secs(1);

/// Does what is due, and sleeps until there is more to do, until it is dropped. Dropping it between two commands loses
/// nothing.
pub(crate) async fn run(storage: Arc<dyn Storage>, signal: Arc<JobSignal>) {
    loop {
        let wait = match guarded(run_due(storage.as_ref())).await {
            Some(Ok(next)) => next.unwrap_or(POLL_INTERVAL).min(POLL_INTERVAL),
            Some(Err(error)) => {
                tracing::warn!(%error, "can't close polls at the moment");
                POLL_INTERVAL
            }
            None => {
                tracing::error!("closing polls panicked");
                POLL_INTERVAL
            }
        };
        signal.wait(wait).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::panic_guard::BrokenStorage;

    #[tokio::test]
    async fn a_panic_does_not_end_the_runner() {
        let (storage, signal) = (Arc::<BrokenStorage>::default(), Arc::<JobSignal>::default());
        let runner = tokio::spawn(run(storage.clone(), signal.clone()));
        for _ in 0..3 {
            storage.tried(1).await;
            signal.wake();
        }
        assert!(!runner.is_finished());
        runner.abort();
    }
}

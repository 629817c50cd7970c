//! Runs durable jobs in the background.

use std::sync::Arc;
use std::time::Duration;

use groupchat_domain::jobs::run_due_jobs;
use groupchat_domain::storage::Storage;
use tokio::sync::Notify;

use crate::panic_guard::guarded;

/// How often to look for jobs that were put off, or that another process has enqueued.
const POLL_INTERVAL: Duration = Duration::from_secs(5);

/// Wakes a runner in the background.
#[derive(Default)]
pub(crate) struct JobSignal(Notify);

impl JobSignal {
    /// There is something new to do.
    pub(crate) fn wake(&self) {
        self.0.notify_one();
    }

    /// Waits until there is something, or for this long.
    pub(crate) async fn wait(&self, at_most: Duration) {
        tokio::select! {
            () = self.0.notified() => {}
            () = tokio::time::sleep(at_most) => {}
        }
    }
}

/// Works jobs off as they come, until it is dropped; a panic puts the rest off. Dropping it between two commands loses
/// nothing: jobs are durable.
pub(crate) async fn run(storage: Arc<dyn Storage>, signal: Arc<JobSignal>) {
    loop {
        let outcome = guarded(run_due_jobs(storage.as_ref(), |job, error| {
            tracing::warn!(job = %job.id, task = ?job.task, %error, "a job failed and was postponed");
        }));
        match outcome.await {
            Some(Ok(())) => {}
            Some(Err(error)) => tracing::warn!(%error, "can't run jobs at the moment"),
            None => tracing::error!("running jobs panicked"),
        }
        signal.wait(POLL_INTERVAL).await;
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

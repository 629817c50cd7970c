//! Runs durable jobs in the background.

use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use groupchat_domain::events::{EventType, LoggedEvent};
use groupchat_domain::jobs::work_off;
use groupchat_domain::storage::{EventSink, Storage};
use tokio::sync::Notify;

/// How often to look for jobs that were put off, or that another process left.
const LOOK_EVERY: Duration = Duration::from_secs(30);

/// Wakes the job runner when a command that leaves a job behind has committed.
#[derive(Default)]
pub struct JobSignal(Notify);

impl EventSink for JobSignal {
    fn committed(&self, events: &[LoggedEvent]) {
        let leaves_job = |event: &LoggedEvent| {
            matches!(
                event.event.event_type(),
                EventType::UserDeleted | EventType::GroupDeleted | EventType::MessageDeleted
            )
        };
        if events.iter().any(leaves_job) {
            self.0.notify_one();
        }
    }
}

/// Works jobs off as they come, until it is dropped; a panic puts the rest off.  Dropping it between two commands loses nothing: jobs are
/// durable.
pub async fn run(storage: Arc<dyn Storage>, signal: Arc<JobSignal>) {
    loop {
        let outcome = guarded(work_off(storage.as_ref(), |job, error| {
            tracing::warn!(job = %job.id, task = ?job.task, %error, "a job failed and is put off");
        }));
        match outcome.await {
            Some(Ok(())) => {}
            Some(Err(error)) => tracing::warn!(%error, "jobs can't be worked off now"),
            None => tracing::error!("working off jobs panicked"),
        }
        tokio::select! {
            () = signal.0.notified() => {}
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
    }
}

/// The future's output, or `None` once it has panicked.
async fn guarded<T>(future: impl Future<Output = T>) -> Option<T> {
    let mut future = pin!(future);
    poll_fn(|context| {
        let polled = catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context)));
        polled.map_or(Poll::Ready(None), |poll| poll.map(Some))
    })
    .await
}

#[cfg(test)]
mod tests {
    use groupchat_domain::accounts::KeyHash;
    use groupchat_domain::storage::{Access, Done, Work};

    use super::*;

    /// A storage that breaks down at every command, and tells.
    #[derive(Default)]
    struct Broken(Notify);

    impl Storage for Broken {
        fn submit(&self, _: Access, _: Work) -> Done {
            self.0.notify_one();
            panic!("the storage is broken, as the test wants it")
        }

        fn knows_key(&self, _: &KeyHash) -> bool {
            false
        }
    }

    #[tokio::test]
    async fn a_panic_does_not_end_the_runner() {
        let (storage, signal) = (Arc::new(Broken::default()), Arc::<JobSignal>::default());
        let runner = tokio::spawn(run(storage.clone(), signal.clone()));
        for _ in 0..3 {
            storage.0.notified().await;
            signal.0.notify_one();
        }
        assert!(!runner.is_finished());
        runner.abort();
    }
}

//! Repeats what is done in the background: jobs, and what is due at a time of its own.

use std::sync::Arc;
use std::time::Duration;

use groupchat_domain::Error;
use tokio::sync::Notify;

use crate::panic_guard::guarded;

/// How long to wait after a failure.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// Wakes a runner.
#[derive(Default)]
pub(crate) struct Signal(Notify);

impl Signal {
    /// There is something new to do.
    pub(crate) fn wake(&self) {
        self.0.notify_one();
    }

    /// Waits until there is something, or for this long.
    async fn wait(&self, at_most: Duration) {
        tokio::select! {
            () = self.0.notified() => {}
            () = tokio::time::sleep(at_most) => {}
        }
    }
}

/// Does all that there is to do, sleeps for as long as that returns, or until it is woken, and does it again, until it is
/// dropped. A failure and a panic are logged as those of `what`, and put the rest off for a moment. Dropping it between two
/// commands MUST lose nothing.
pub(crate) async fn repeat(
    what: &'static str,
    signal: Arc<Signal>,
    mut step: impl AsyncFnMut() -> Result<Duration, Error>,
) {
    loop {
        let wait = match guarded(step()).await {
            Some(Ok(wait)) => wait,
            Some(Err(error)) => {
                tracing::warn!(what, %error, "a background task failed and will be retried");
                RETRY_AFTER
            }
            None => {
                tracing::error!(what, "a background task panicked and will be retried");
                RETRY_AFTER
            }
        };
        signal.wait(wait).await;
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use groupchat_domain::storage::StorageFault;
    use tokio::sync::mpsc::unbounded_channel;

    use super::*;

    const LONG: Duration = Duration::from_secs(24 * 3600);

    /// Passes once so many more steps were made than the first, which is made at once, as each time the runner is woken.
    async fn steps_are_made(woken: u32, outcome: fn() -> Result<Duration, Error>) {
        let signal = Arc::<Signal>::default();
        let (steps, mut made) = unbounded_channel();
        let step = async || {
            steps.send(()).expect("somebody waits for it");
            outcome()
        };
        let waking = async {
            for _ in 0..woken {
                made.recv().await.expect("the runner goes on");
                signal.wake();
            }
            made.recv().await.expect("the runner goes on");
        };
        tokio::select! {
            () = repeat("a test", signal.clone(), step) => unreachable!("it goes on until it is dropped"),
            () = waking => {}
        }
    }

    #[tokio::test]
    async fn it_sleeps_until_it_is_woken() {
        steps_are_made(3, || Ok(LONG)).await;
    }

    #[tokio::test]
    async fn neither_a_failure_nor_a_panic_ends_it() {
        steps_are_made(3, || Err(StorageFault::Panicked.into())).await;
        steps_are_made(3, || panic!("as the test wants it")).await;
    }

    #[tokio::test]
    async fn it_sleeps_as_long_as_it_is_told_and_a_moment_after_a_failure() {
        let sleep = Duration::from_millis(20);
        let mut outcomes = [Ok(sleep), Err(StorageFault::Panicked.into())].into_iter();
        let (begin, (steps, mut made)) = (Instant::now(), unbounded_channel());
        let step = async || {
            steps.send(begin.elapsed()).expect("somebody waits for it");
            outcomes.next().unwrap_or(Ok(LONG))
        };
        let third = async {
            let (_, second) = (made.recv().await, made.recv().await.expect("the runner goes on"));
            (second, made.recv().await.expect("the runner goes on"))
        };
        let (second, third) = tokio::select! {
            () = repeat("a test", Arc::default(), step) => unreachable!("it goes on until it is dropped"),
            times = third => times,
        };
        assert!(second >= sleep && third >= second + RETRY_AFTER, "{second:?} {third:?}");
    }
}

//! Waiting for what happens soon, and not for ever.

use std::time::Duration;

use tokio::time::{sleep, timeout};

/// How long something may take before a test gives it up.
const DEADLINE: Duration = Duration::from_secs(30);

/// What comes of it, which must not take long.
pub(crate) async fn soon<T>(what: impl Future<Output = T>) -> T {
    timeout(DEADLINE, what).await.expect("it takes too long")
}

/// Waits until something holds that nobody tells.
pub(crate) async fn until(mut holds: impl AsyncFnMut() -> bool) {
    soon(async {
        while !holds().await {
            sleep(Duration::from_millis(2)).await;
        }
    })
    .await;
}

//! Delivers events to listeners, in the background.

use std::sync::Arc;
use std::time::Duration;

use groupchat_domain::storage::Storage;
use groupchat_infra::LocalHub;

use crate::panic_guard::guarded;

/// What broke is not tried again at once.
const AFTER_PANIC: Duration = Duration::from_secs(1);

/// Runs the hub until that is stopped. A panic delays events and loses none: they are in the log.
pub(crate) async fn run(hub: LocalHub, storage: Arc<dyn Storage>) {
    while guarded(hub.run(storage.clone())).await.is_none() {
        tracing::error!("delivering events panicked");
        tokio::time::sleep(AFTER_PANIC).await;
    }
}

#[cfg(test)]
mod tests {
    use groupchat_domain::events::LiveEvents;
    use groupchat_infra::HubOptions;
    use groupchat_infra::clock::SystemClock;
    use tokio::time::timeout;

    use super::*;
    use crate::panic_guard::BrokenStorage;

    #[tokio::test]
    async fn a_panic_does_not_end_it_and_the_stop_does() {
        let (storage, hub) =
            (Arc::<BrokenStorage>::default(), LocalHub::new(HubOptions::default(), Arc::new(SystemClock)));
        let running = tokio::spawn(run(hub.clone(), storage.clone()));
        storage.tried(2).await;
        assert!(!running.is_finished());
        running.abort();
        hub.stop();
        let stopped = timeout(Duration::from_secs(10), run(hub, storage)).await;
        assert!(stopped.is_ok());
    }
}

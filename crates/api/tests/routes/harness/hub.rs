//! The hub of a test's server, on a thread of its own.

use std::sync::Arc;
use std::thread::{self, JoinHandle};

use groupchat_domain::events::LiveEvents;
use groupchat_domain::storage::Storage;
use groupchat_infra::LocalHub;

/// A hub that hands events out until this is dropped. Afterwards it holds the storage no longer.
pub(super) struct RunningHub {
    hub: LocalHub,
    thread: Option<JoinHandle<()>>,
}

impl RunningHub {
    /// Lets a hub run; there is something to listen to as soon as this returns.
    pub(super) async fn start(hub: LocalHub, storage: Arc<dyn Storage>) -> Self {
        hub.begin(storage.as_ref()).await.expect("the storage works");
        let running = hub.clone();
        let thread = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
            runtime.expect("a runtime starts").block_on(running.run(storage));
        });
        Self { hub, thread: Some(thread) }
    }
}

impl Drop for RunningHub {
    fn drop(&mut self) {
        self.hub.stop();
        let ended = self.thread.take().map(JoinHandle::join);
        assert!(thread::panicking() || matches!(ended, Some(Ok(()))), "the hub panicked");
    }
}

//! The database goes on with another log, as after a failover to a copy that lacks the latest events.

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use groupchat_domain::events::{Delivery, Feed, LiveEvents, log_state};
use groupchat_domain::ids::Position;
use groupchat_domain::storage::{Access, Done, Storage, Work};
use groupchat_infra::clock::SystemClock;
use groupchat_infra::{HubOptions, LocalHub};

use crate::following::{emit, next_logged, viewer};
use crate::support::{Database, NoListener};
use crate::world::{READ, WRITE};

/// Commands go to one database, and from some moment on to another.
struct Failover {
    first: Arc<dyn Storage>,
    second: Arc<dyn Storage>,
    has_happened: AtomicBool,
}

impl Failover {
    fn present(&self) -> &dyn Storage {
        let storage = if self.has_happened.load(Ordering::SeqCst) { &self.second } else { &self.first };
        storage.as_ref()
    }
}

impl Storage for Failover {
    fn inner(&self) -> Option<&dyn Storage> {
        Some(self.present())
    }

    fn submit(&self, access: Access, work: Work) -> Done {
        self.present().submit(access, work)
    }
}

#[test]
fn who_listens_is_sent_away_and_who_comes_then_misses_nothing() {
    let (first, second) =
        (Database::sqlite_with(Arc::new(NoListener)), Database::sqlite_with(Arc::new(NoListener)));
    let storages =
        Failover { first: first.storage(), second: second.storage(), has_happened: AtomicBool::new(false) };
    let storages = Arc::new(storages);
    let options = HubOptions { poll_interval: Duration::from_millis(10), ..HubOptions::default() };
    let hub = LocalHub::new(options, Arc::new(SystemClock));
    first.wait_for(async {
        storages.second.run(WRITE, emit(2)).await.unwrap();
        hub.begin(storages.as_ref()).await.unwrap();
        let mut before = hub.subscribe();
        before.authorize(viewer());
        let running = tokio::spawn({
            let (hub, storage) = (hub.clone(), Arc::clone(&storages));
            async move { hub.run(storage).await }
        });
        storages.first.run(WRITE, emit(3)).await.unwrap();
        for position in 1..=3 {
            assert_eq!(next_logged(before.as_mut()).await, Position::new(position));
        }
        storages.has_happened.store(true, Ordering::SeqCst);
        // Whoever reads the log now can tell that this is not what they are told of.
        let now = storages.second.run(READ, |tx| Ok(log_state(tx)?.now())).await.unwrap();
        assert_ne!(before.since().map(|since| &since.epoch), Some(&now.epoch));
        assert!(matches!(next(before.as_mut()).await, Some(Delivery::Stopping)));

        let mut after = hub.subscribe();
        after.authorize(viewer());
        assert_eq!((after.since(), now.position), (Some(&now), Position::new(2)));
        storages.second.run(WRITE, emit(1)).await.unwrap();
        assert_eq!(next_logged(after.as_mut()).await, Position::new(3));
        running.abort();
    });
}

async fn next(feed: &mut dyn Feed) -> Option<Delivery> {
    poll_fn(|context| feed.poll_next(context)).await
}

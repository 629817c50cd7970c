//! A log that can't be read for a while.

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::Poll;
use std::time::Duration;

use groupchat_domain::accounts::KeyHash;
use groupchat_domain::events::{Feed, LiveEvents};
use groupchat_domain::ids::Position;
use groupchat_domain::storage::{Access, Done, Storage, StorageFault, Work};
use groupchat_infra::clock::SystemClock;
use groupchat_infra::{HubOptions, LocalHub};
use tokio::sync::Notify;

use crate::following::{emit, next_logged, viewer};
use crate::support::{Database, NoListener};
use crate::world::WRITE;

/// A storage that refuses as long as it is told to.
struct Unreliable {
    inner: Arc<dyn Storage>,
    fails: AtomicBool,
    refusal: Notify,
}

impl Storage for Unreliable {
    fn submit(&self, access: Access, work: Work) -> Done {
        if !self.fails.load(Ordering::SeqCst) {
            return self.inner.submit(access, work);
        }
        self.refusal.notify_one();
        Box::pin(async { Err(StorageFault::Unavailable { reason: "as the test wants it".into() }) })
    }

    fn knows_key(&self, key: &KeyHash) -> bool {
        self.inner.knows_key(key)
    }
}

#[test]
fn it_waits_for_the_log_at_the_start_and_later() {
    let database = Database::sqlite_with(Arc::new(NoListener));
    let unreliable = Arc::new(Unreliable {
        inner: database.storage(),
        fails: AtomicBool::new(true),
        refusal: Notify::new(),
    });
    let hub = LocalHub::new(
        HubOptions { look_every: Duration::from_millis(10), ..HubOptions::default() },
        Arc::new(SystemClock),
    );
    database.wait_for(async {
        let running = tokio::spawn({
            let (hub, storage) = (hub.clone(), Arc::clone(&unreliable));
            async move { hub.run(storage).await }
        });
        unreliable.refusal.notified().await;
        unreliable.fails.store(false, Ordering::SeqCst);
        let mut feed = begun(&hub).await;
        feed.admit(viewer());
        unreliable.fails.store(true, Ordering::SeqCst);
        unreliable.inner.run(WRITE, emit(1)).await.unwrap();
        // The first may have been told of before.
        for _ in 0..2 {
            unreliable.refusal.notified().await;
        }
        unreliable.fails.store(false, Ordering::SeqCst);
        assert_eq!(next_logged(feed.as_mut()).await, Position::new(1));
        running.abort();
    });
}

/// A storage that never answers once it is told so.
struct Stalling {
    inner: Arc<dyn Storage>,
    stalls: AtomicBool,
    stalled: Notify,
}

impl Storage for Stalling {
    fn submit(&self, access: Access, work: Work) -> Done {
        if !self.stalls.load(Ordering::SeqCst) {
            return self.inner.submit(access, work);
        }
        self.stalled.notify_one();
        Box::pin(std::future::pending())
    }

    fn knows_key(&self, key: &KeyHash) -> bool {
        self.inner.knows_key(key)
    }
}

#[test]
fn what_it_is_told_it_hands_out_however_long_the_log_takes_to_read() {
    let options = HubOptions { look_every: Duration::from_millis(10), ..HubOptions::default() };
    let hub = LocalHub::new(options, Arc::new(SystemClock));
    let database = Database::sqlite_with(Arc::new(hub.clone()));
    let stalling = Arc::new(Stalling {
        inner: database.storage(),
        stalls: AtomicBool::new(false),
        stalled: Notify::new(),
    });
    database.wait_for(async {
        hub.begin(stalling.as_ref()).await.unwrap();
        let mut feed = hub.subscribe();
        feed.admit(viewer());
        stalling.stalls.store(true, Ordering::SeqCst);
        let running = tokio::spawn({
            let (hub, storage) = (hub.clone(), Arc::clone(&stalling));
            async move { hub.run(storage).await }
        });
        stalling.stalled.notified().await;
        for position in 1..=3 {
            stalling.inner.run(WRITE, emit(1)).await.unwrap();
            assert_eq!(next_logged(feed.as_mut()).await, Position::new(position));
        }
        running.abort();
    });
}

/// A storage that answers the first read at once, the second when it is told to, and no other ever.
struct Late {
    inner: Arc<dyn Storage>,
    reads: AtomicUsize,
    has_read: Arc<Notify>,
    may_answer: Arc<Notify>,
}

impl Storage for Late {
    fn submit(&self, access: Access, work: Work) -> Done {
        match self.reads.fetch_add(1, Ordering::SeqCst) {
            0 => self.inner.submit(access, work),
            1 => {
                let (read, has_read) = (self.inner.submit(access, work), Arc::clone(&self.has_read));
                let may_answer = Arc::clone(&self.may_answer);
                Box::pin(async move {
                    let outcome = read.await;
                    has_read.notify_one();
                    may_answer.notified().await;
                    outcome
                })
            }
            _ => Box::pin(std::future::pending()),
        }
    }

    fn knows_key(&self, key: &KeyHash) -> bool {
        self.inner.knows_key(key)
    }
}

#[test]
fn what_comes_while_the_log_is_read_follows_without_being_read() {
    let options = HubOptions { inbox: 2, look_every: Duration::from_secs(3_600), ..HubOptions::default() };
    let hub = LocalHub::new(options, Arc::new(SystemClock));
    let database = Database::sqlite_with(Arc::new(hub.clone()));
    let late = Arc::new(Late {
        inner: database.storage(),
        reads: AtomicUsize::new(0),
        has_read: Arc::default(),
        may_answer: Arc::default(),
    });
    database.wait_for(async {
        hub.begin(late.as_ref()).await.unwrap();
        let mut feed = hub.subscribe();
        feed.admit(viewer());
        let running = tokio::spawn({
            let (hub, storage) = (hub.clone(), Arc::clone(&late));
            async move { hub.run(storage).await }
        });
        // More than the inbox takes.
        late.inner.run(WRITE, emit(5)).await.unwrap();
        late.has_read.notified().await;
        late.inner.run(WRITE, emit(1)).await.unwrap();
        late.may_answer.notify_one();
        for position in 1..=6 {
            assert_eq!(next_logged(feed.as_mut()).await, Position::new(position));
        }
        running.abort();
    });
}

/// A subscription, once the hub has begun.
async fn begun(hub: &LocalHub) -> Box<dyn Feed> {
    loop {
        let mut feed = hub.subscribe();
        let ended = poll_fn(|context| Poll::Ready(feed.poll_next(context).is_ready()));
        if !ended.await {
            return feed;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

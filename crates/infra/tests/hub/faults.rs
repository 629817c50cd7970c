//! A log that can't be read for a while.

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::Poll;
use std::time::Duration;

use groupchat_domain::events::{Feed, LiveEvents};
use groupchat_domain::ids::Position;
use groupchat_domain::storage::{Access, Done, Storage, StorageFault, Work};
use groupchat_infra::clock::SystemClock;
use groupchat_infra::{HubOptions, LocalHub};
use tokio::sync::Notify;

use crate::following::{emit, next_logged, viewer};
use crate::support::{Database, NoListener};
use crate::world::WRITE;

/// A storage that is out of order as long as it is told to be.
struct Unreliable {
    inner: Arc<dyn Storage>,
    is_down: AtomicBool,
    /// What it answers then.
    answer: fn() -> Done,
    /// Somebody asked for something then.
    asked: Notify,
}

impl Unreliable {
    fn new(inner: Arc<dyn Storage>, is_down: bool, answer: fn() -> Done) -> Arc<Self> {
        Arc::new(Self { inner, is_down: AtomicBool::new(is_down), answer, asked: Notify::new() })
    }

    fn set_down(&self, is_down: bool) {
        self.is_down.store(is_down, Ordering::SeqCst);
    }
}

/// It can't be used.
fn refused() -> Done {
    Box::pin(async { Err(StorageFault::Unavailable { reason: "as the test wants it".into() }) })
}

/// It never says anything.
fn silent() -> Done {
    Box::pin(std::future::pending())
}

impl Storage for Unreliable {
    fn inner(&self) -> Option<&dyn Storage> {
        Some(&*self.inner)
    }

    fn submit(&self, access: Access, work: Work) -> Done {
        if !self.is_down.load(Ordering::SeqCst) {
            return self.inner.submit(access, work);
        }
        self.asked.notify_one();
        (self.answer)()
    }
}

#[test]
fn it_waits_for_the_log_at_the_start_and_later() {
    let database = Database::sqlite_with(Arc::new(NoListener));
    let unreliable = Unreliable::new(database.storage(), true, refused);
    let hub = LocalHub::new(
        HubOptions { poll_interval: Duration::from_millis(10), ..HubOptions::default() },
        Arc::new(SystemClock),
    );
    database.wait_for(async {
        let running = tokio::spawn({
            let (hub, storage) = (hub.clone(), Arc::clone(&unreliable));
            async move { hub.run(storage).await }
        });
        unreliable.asked.notified().await;
        unreliable.set_down(false);
        let mut feed = begun(&hub).await;
        feed.authorize(viewer());
        unreliable.set_down(true);
        unreliable.inner.run(WRITE, emit(1)).await.unwrap();
        // The first may have been told of before.
        for _ in 0..2 {
            unreliable.asked.notified().await;
        }
        unreliable.set_down(false);
        assert_eq!(next_logged(feed.as_mut()).await, Position::new(1));
        running.abort();
    });
}

#[test]
fn what_it_is_told_it_hands_out_however_long_the_log_takes_to_read() {
    let options = HubOptions { poll_interval: Duration::from_millis(10), ..HubOptions::default() };
    let hub = LocalHub::new(options, Arc::new(SystemClock));
    let database = Database::sqlite_with(Arc::new(hub.clone()));
    let stalling = Unreliable::new(database.storage(), false, silent);
    database.wait_for(async {
        hub.begin(stalling.as_ref()).await.unwrap();
        let mut feed = hub.subscribe();
        feed.authorize(viewer());
        stalling.set_down(true);
        let running = tokio::spawn({
            let (hub, storage) = (hub.clone(), Arc::clone(&stalling));
            async move { hub.run(storage).await }
        });
        stalling.asked.notified().await;
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
    fn inner(&self) -> Option<&dyn Storage> {
        Some(&*self.inner)
    }

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
            _ => silent(),
        }
    }
}

#[test]
fn what_comes_while_the_log_is_read_follows_without_being_read() {
    let options = HubOptions { inbox: 2, poll_interval: Duration::from_secs(3_600), ..HubOptions::default() };
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
        feed.authorize(viewer());
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

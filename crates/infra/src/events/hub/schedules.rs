//! The inbox and the hub under all kinds of schedules of the threads around them.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use groupchat_domain::events::{Delivery, Epoch, Event, LiveEvents, Viewer};
use groupchat_domain::ids::{Position, SessionId, UserId};
use groupchat_domain::storage::{CommitDecision, EventSink, Mode, Work};
use groupchat_domain::time::Timestamp;
use groupchat_simulation::model::{ModelDatabase, ModelStorage, NoSink};
use shuttle::{future, thread};

use super::core::Hub;
use super::registry::HubPhase;
use super::{HubOptions, LocalHub};
use crate::executor::schedules::{StoppedClock, assert_needs_wakeups, explore};
use crate::executor::sync::locked;

/// Committed events.
const EVENTS: i64 = 4;

/// A log, the hub that follows it, and how often it was read.
#[derive(Clone)]
struct Fixture {
    database: ModelDatabase,
    storage: Arc<ModelStorage>,
    hub: LocalHub,
    reads: Arc<AtomicUsize>,
}

impl Fixture {
    fn new(inbox: usize) -> Self {
        let database = ModelDatabase::new(Epoch::parse("log").unwrap());
        let storage = Arc::new(ModelStorage::new(database.clone(), Arc::new(StoppedClock), Arc::new(NoSink)));
        let hub = LocalHub::new(HubOptions { inbox, ..HubOptions::default() }, Arc::new(StoppedClock));
        future::block_on(hub.begin(storage.as_ref())).unwrap();
        Self { database, storage, hub, reads: Arc::default() }
    }

    fn hub(&self) -> &Hub {
        &self.hub.0
    }

    /// Commits events one after the other, and publishes each.
    fn commit_all(&self) {
        for number in 1..=EVENTS {
            let work: Work = Box::new(move |tx| {
                tx.emit(None, Event::UserDeleted(UserId::new(100 + number)));
                CommitDecision::Commit
            });
            let executed = self.database.execute(Mode::Write, Timestamp::from_micros(0), &work);
            self.hub.publish(&executed.events);
        }
    }

    /// Reads the log whenever events are missing, as the hub does, but never because time has passed.
    async fn read_missing(&self) {
        loop {
            self.hub().missing.notified().await;
            if locked(&self.hub().registry).phase == HubPhase::Stopped {
                return;
            }
            self.reads.fetch_add(1, Ordering::Relaxed);
            self.hub().catch_up(self.storage.as_ref()).await.unwrap();
            self.hub().inbox.wake();
        }
    }

    /// Subscribes, and receives all events up to the last one. Returns how many that were.
    fn listen(&self) -> i64 {
        let mut feed = self.hub.subscribe();
        let user = UserId::new(1);
        feed.authorize(Viewer::new(user, SessionId::new(1), []));
        let mut known = feed.since().expect("there is a log").position;
        let since = known;
        while known < Position::new(EVENTS) {
            match future::block_on(poll_fn(|context| feed.poll_next(context))) {
                Some(Delivery::Logged(event)) => {
                    assert_eq!(event.event.position, known.next(), "the next one, once");
                    known = event.event.position;
                }
                Some(Delivery::Advanced(position)) => {
                    assert_eq!(position, known, "all events are for everybody")
                }
                _ => panic!("the subscription ended"),
            }
        }
        EVENTS - since.get()
    }

    /// Runs the hub beside a writer and listeners. Returns how many events the listeners received, and how often the
    /// log was read.
    fn run(&self, listeners: usize) -> (i64, usize) {
        let (serving, reading) = (self.clone(), self.clone());
        let serving = thread::spawn(move || future::block_on(serving.hub().serve()));
        let reading = thread::spawn(move || future::block_on(reading.read_missing()));
        let listeners: Vec<_> = (0..listeners)
            .map(|_| {
                let fixture = self.clone();
                thread::spawn(move || fixture.listen())
            })
            .collect();
        self.commit_all();
        let received = listeners.into_iter().map(|listener| listener.join().unwrap()).sum();
        self.hub.stop();
        self.hub().missing.notify_one();
        serving.join().unwrap();
        reading.join().unwrap();
        (received, self.reads.load(Ordering::Relaxed))
    }
}

#[test]
fn nothing_is_lost_repeated_or_reordered() {
    explore(300, || {
        Fixture::new(100).run(2);
    });
}

#[test]
fn an_inbox_that_overflows_is_completed_from_the_log() {
    let (received, reads) = (Arc::<AtomicUsize>::default(), Arc::<AtomicUsize>::default());
    let (all_received, all_reads) = (Arc::clone(&received), Arc::clone(&reads));
    explore(300, move || {
        let (received, reads) = Fixture::new(1).run(2);
        all_received.fetch_add(usize::try_from(received).unwrap(), Ordering::Relaxed);
        all_reads.fetch_add(reads, Ordering::Relaxed);
    });
    assert!(
        received.load(Ordering::Relaxed) > 0 && reads.load(Ordering::Relaxed) > 0,
        "the inbox never overflowed"
    );
}

#[test]
fn a_missing_notification_is_found() {
    assert_needs_wakeups(|| {
        Fixture::new(100).run(1);
    });
}

//! Where the hub begins, what it finds by itself, and how it ends.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::task::Poll;
use std::time::Duration;

use groupchat_domain::Error;
use groupchat_domain::accounts::PresenceSetting;
use groupchat_domain::events::{Delivery, EphemeralEvent, Event, Feed, LiveEvents, Viewer};
use groupchat_domain::groups::JoinedGroup;
use groupchat_domain::ids::{EventId, GroupId, Position, SessionId, UserId};
use groupchat_domain::presence::Presence;
use groupchat_domain::storage::{Storage, Tx};
use groupchat_domain::time::{Clock, Timestamp};
use groupchat_infra::clock::SystemClock;
use groupchat_infra::{HubOptions, LocalHub};

use crate::support::{Database, NoListener};
use crate::world::{WRITE, World};

/// Somebody who is in no group.
pub(crate) fn viewer() -> Viewer {
    Viewer::new(UserId::new(1), SessionId::new(1), [])
}

/// Emits so many events for everybody.
pub(crate) fn emit(count: usize) -> impl Fn(&mut dyn Tx) -> Result<(), Error> + Send + 'static {
    move |tx| {
        for _ in 0..count {
            tx.emit(None, Event::UserDeleted(UserId::new(1 << 41)));
        }
        Ok(())
    }
}

/// The position of the next event of the log.
pub(crate) async fn next_logged(feed: &mut dyn Feed) -> Position {
    loop {
        match poll_fn(|context| feed.poll_next(context)).await {
            Some(Delivery::Logged(event)) => return event.event.position,
            Some(Delivery::Advanced(_)) => {}
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn it_begins_at_the_end_of_the_log() {
    let database = Database::sqlite_with(Arc::new(NoListener));
    database.write(emit(3)).unwrap();
    let hub = LocalHub::new(HubOptions::default(), Arc::new(SystemClock));
    database.wait_for(hub.begin(database.storage().as_ref())).unwrap();
    let since = hub.subscribe().since().map(|since| since.position);
    assert_eq!(since, Some(Position::new(3)));
}

#[test]
fn it_finds_what_nobody_told_of() {
    let options = HubOptions { poll_interval: Duration::from_millis(10), ..HubOptions::default() };
    let world = World::sqlite_beside_another(options);
    let mut feed = world.servers[0].hub.subscribe();
    feed.authorize(viewer());
    let other = Arc::clone(&world.writers[1]);
    world.wait_for(async {
        for expected in 1..=3 {
            other.run(WRITE, emit(1)).await.unwrap();
            assert_eq!(next_logged(feed.as_mut()).await, Position::new(expected));
        }
    });
}

#[test]
fn an_event_after_others_that_nobody_told_of_brings_them_along() {
    // Looking takes longer than the test may.
    let options = HubOptions { poll_interval: Duration::from_secs(3_600), ..HubOptions::default() };
    let world = World::sqlite_beside_another(options);
    let mut feed = world.servers[0].hub.subscribe();
    feed.authorize(viewer());
    let [own, other] = [&world.writers[0], &world.writers[1]].map(Arc::clone);
    world.wait_for(async {
        // More than a page of the log.
        other.run(WRITE, emit(450)).await.unwrap();
        own.run(WRITE, emit(1)).await.unwrap();
        for expected in 1..=451 {
            assert_eq!(next_logged(feed.as_mut()).await, Position::new(expected));
        }
    });
}

/// A clock that a test sets, in seconds.
#[derive(Default)]
struct HandSetClock(AtomicI64);

impl Clock for HandSetClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.load(Ordering::SeqCst) * 1_000_000)
    }

    fn steady(&self) -> Duration {
        Duration::from_secs(self.0.load(Ordering::SeqCst).unsigned_abs())
    }
}

#[test]
fn it_notices_that_time_passes() {
    let database = Database::sqlite();
    let storage: Arc<dyn Storage> = database.storage();
    let clock = Arc::<HandSetClock>::default();
    let options = HubOptions { poll_interval: Duration::from_millis(10), ..HubOptions::default() };
    let hub = LocalHub::new(options, clock.clone());
    database.wait_for(hub.begin(storage.as_ref())).unwrap();
    let [mut ann, mut bob] = [1, 2].map(|number| {
        let membership = JoinedGroup::whole(GroupId::new(1), EventId::new(0));
        let viewer = Viewer::new(UserId::new(number), SessionId::new(number), [membership]);
        let mut feed = hub.subscribe();
        feed.authorize(viewer.with_presence(PresenceSetting::Shown));
        feed
    });
    bob.join();
    drop(bob);
    clock.0.store(3_600, Ordering::SeqCst);
    database.wait_for(async {
        let running = tokio::spawn({
            let hub = hub.clone();
            async move { hub.run(storage).await }
        });
        for expected in [Presence::Online, Presence::Offline] {
            let told = poll_fn(|context| ann.poll_next(context)).await;
            let Some(Delivery::Ephemeral(told)) = told else { panic!("{told:?}") };
            let EphemeralEvent::PresenceChanged { presence, .. } = told.event else { panic!("{told:?}") };
            assert_eq!(presence, expected);
        }
        running.abort();
    });
}

#[test]
fn it_ends_when_it_is_stopped() {
    let database = Database::sqlite();
    let hub = LocalHub::new(
        HubOptions { poll_interval: Duration::from_secs(3_600), ..HubOptions::default() },
        Arc::new(SystemClock),
    );
    let storage: Arc<dyn Storage> = database.storage();
    database.wait_for(hub.begin(storage.as_ref())).unwrap();
    let mut feed = hub.subscribe();
    database.wait_for(async {
        let mut running = pin!(hub.run(storage));
        let waits = poll_fn(|context| Poll::Ready(running.as_mut().poll(context).is_pending()));
        assert!(waits.await);
        hub.stop();
        running.await;
        let last = poll_fn(|context| feed.poll_next(context)).await;
        assert!(matches!(last, Some(Delivery::Stopping)), "{last:?}");
    });
}

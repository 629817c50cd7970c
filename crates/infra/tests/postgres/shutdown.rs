//! The end of a storage.

use std::thread;
use std::time::Duration;

use groupchat_domain::accounts::Origin;
use groupchat_domain::events::Event;
use groupchat_domain::ids::UserId;
use groupchat_domain::network::Network;
use groupchat_domain::storage::{Caller, CommitDecision, Credential, Mode, Storage, StorageFault, Tx};
use groupchat_domain::time::{Clock, Timestamp};
use groupchat_infra::DatabaseStorage;
use groupchat_infra::clock::SystemClock;

use crate::database::{DEADLINE, OneWorkerStorage, settled, touch};
use crate::support::fixture;

/// Emits an event.
fn emit(tx: &mut dyn Tx) -> CommitDecision {
    tx.emit(None, Event::UserDeleted(UserId::new(1)));
    CommitDecision::Commit
}

#[test]
fn what_waits_is_finished_and_what_comes_later_is_refused() {
    let place = OneWorkerStorage::new();
    let hold = place.hold(Mode::Write);
    let pending: Vec<_> = (0..10).map(|_| place.queue(Mode::Write, Caller::System, emit)).collect();
    let storage = place.storage.clone();
    let shutdown = thread::spawn(move || storage.shutdown(DEADLINE));
    // The rejection shows that the shutdown has begun.
    while place.read(|_| CommitDecision::Commit).is_ok() {
        thread::yield_now();
    }
    drop(hold);
    for outcome in pending {
        settled(outcome).unwrap();
    }
    shutdown.join().unwrap();
    assert!(matches!(place.write(touch), Err(StorageFault::Unavailable { .. })));
    let waiting = "SELECT count(*) AS number FROM events WHERE position IS NULL";
    assert_eq!(place.console().number(waiting), 0);
    assert_eq!(place.published.positions(), (1..=10).collect::<Vec<_>>());
    let sessions = "SELECT count(*) AS number FROM pg_stat_activity \
                    WHERE datname = current_database() AND application_name LIKE 'groupchat %'";
    let mut console = place.console();
    // The server notices the end of a connection a moment later.
    while console.number(sessions) > 0 {
        thread::yield_now();
    }
}

#[test]
fn at_the_deadline_what_still_waits_is_turned_away() {
    let place = OneWorkerStorage::new();
    let hold = place.hold(Mode::Write);
    let waiting = place.queue(Mode::Write, Caller::System, emit);
    let storage = place.storage.clone();
    let shutdown = thread::spawn(move || storage.shutdown(Duration::ZERO));
    assert!(matches!(settled(waiting), Err(StorageFault::Unavailable { .. })));
    drop(hold);
    shutdown.join().unwrap();
    place.storage.shutdown(DEADLINE);
    assert_eq!(place.console().number("SELECT count(*) AS number FROM events"), 0);
}

#[test]
fn the_last_uses_of_keys_are_stored() {
    let place = OneWorkerStorage::new();
    let began = SystemClock.now();
    place
        .write(|tx| {
            let ann = fixture::user(tx, "ann").id;
            let tomorrow = Timestamp::from_micros(tx.now().as_micros() + 86_400_000_000);
            fixture::session(tx, ann, 1, tomorrow);
            CommitDecision::Commit
        })
        .unwrap();
    let who = Credential { key: fixture::key(1), network: Network::UNKNOWN, origin: Origin::UNKNOWN };
    let storage: &dyn Storage = place.storage.as_ref();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(storage.read_as(who, |_, _| Ok(()))).unwrap();
    place.storage.shutdown(DEADLINE);
    let last_use = place.console().number("SELECT coalesce(last_used_at, 0) AS number FROM sessions");
    assert!(last_use >= began.as_micros(), "{last_use}");
}

#[test]
fn who_does_not_follow_the_log_leaves_its_events_to_others() {
    let place = OneWorkerStorage::with(|options| options.follows_log = false);
    place.write(emit).unwrap();
    place.storage.shutdown(DEADLINE);
    let waiting = "SELECT count(*) AS number FROM events WHERE position IS NULL";
    assert_eq!(place.console().number(waiting), 1);
    assert_eq!(place.published.positions(), [0; 0]);
}

//! Shutting down the storage.

use std::thread;
use std::time::Duration;

use groupchat_domain::storage::StorageFault;

use super::support::{Fixture, caller, note, sql};
use crate::DatabaseStorage;

const LONG: Duration = Duration::from_secs(60);

#[test]
fn a_shutdown_finishes_queued_commands_and_rejects_later_ones() {
    let fixture = Fixture::new();
    let hold = fixture.hold_writer();
    let pending: Vec<_> = (1..=10).map(|id| fixture.queue(caller(1), note(id)).unwrap()).collect();
    let storage = fixture.storage.clone();
    let shutdown = thread::spawn(move || storage.shutdown(LONG));
    // This rejection shows that the shutdown has begun.
    while fixture.queue(caller(2), sql("SELECT 1")).is_ok() {
        thread::yield_now();
    }
    drop(hold);
    for outcome in pending {
        outcome.wait().unwrap();
    }
    shutdown.join().unwrap();
    assert!(matches!(fixture.read(sql("SELECT 1")), Err(StorageFault::Unavailable { .. })));
    let log = fixture.directory.path().join("chat.db-wal");
    assert!(!log.exists() || log.metadata().unwrap().len() == 0, "the write-ahead log is empty");

    let reopened = fixture.reopened();
    assert_eq!(reopened.notes(), (1..=10).collect::<Vec<_>>());
    reopened.write(note(11)).unwrap();
    reopened.assert_log_is_what_was_published();
}

#[test]
fn at_the_deadline_queued_commands_are_rejected() {
    let fixture = Fixture::new();
    let hold = fixture.hold_writer();
    let waiting = fixture.queue(caller(1), note(1)).unwrap();
    let storage = fixture.storage.clone();
    let shutdown = thread::spawn(move || storage.shutdown(Duration::ZERO));
    assert!(matches!(waiting.wait(), Err(StorageFault::Unavailable { .. })));
    drop(hold);
    shutdown.join().unwrap();
    assert!(fixture.reopened().notes().is_empty());
}

#[test]
fn a_second_shutdown_does_nothing() {
    let fixture = Fixture::new();
    fixture.storage.shutdown(LONG);
    fixture.storage.shutdown(LONG);
}

#[test]
fn a_log_that_another_process_uses_is_left_alone() {
    let fixture = Fixture::new();
    fixture.write(note(1)).unwrap();
    let log = fixture.directory.path().join("chat.db-wal");
    let length = log.metadata().unwrap().len();
    fixture.second().shutdown(LONG);
    assert!(length > 0);
    assert_eq!(log.metadata().unwrap().len(), length, "it is for the server to empty it");
}

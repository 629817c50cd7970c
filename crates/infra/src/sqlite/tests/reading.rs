//! Snapshots, and what a read-only command may not do.

use std::sync::mpsc;

use groupchat_domain::events::Event;
use groupchat_domain::ids::UserId;
use groupchat_domain::storage::{CommitDecision, StorageFault, Tx};

use super::support::{Fixture, note, number, on_sqlite, sql};
use crate::executor::sync::{Mutex, locked};

const COUNT: &str = "SELECT count(*) AS value FROM jobs";

#[test]
fn a_command_reads_from_one_snapshot() {
    let fixture = Fixture::new();
    let (begun, begins) = mpsc::channel();
    let (written, writes) = mpsc::channel();
    let writes = Mutex::new(writes);
    let (seen, sees) = mpsc::channel();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            fixture.read(Box::new(move |tx| {
                let before = on_sqlite(tx, |connection| number(connection, COUNT)).unwrap();
                begun.send(()).unwrap();
                locked(&writes).recv().unwrap();
                let after = on_sqlite(tx, |connection| number(connection, COUNT)).unwrap();
                seen.send((before, after)).unwrap();
                CommitDecision::Commit
            }))
        });
        begins.recv().unwrap();
        fixture.write(note(1)).unwrap();
        assert_eq!(fixture.ask(COUNT), 1, "another reader sees it at once");
        written.send(()).unwrap();
    });
    assert_eq!(sees.recv().unwrap(), (0, 0));
}

#[test]
fn a_reader_cannot_write_and_continues_to_read() {
    let fixture = Fixture::with(|options| options.readers = 1);
    let refused = fixture.read(sql(
        "INSERT INTO jobs (id, kind, subject_id, run_after, created_at) VALUES (1, 'text', 0, 0, 0)",
    ));
    assert!(matches!(refused, Err(StorageFault::Internal { reason }) if reason.contains("readonly")));
    assert_eq!(fixture.ask(COUNT), 0);
}

#[test]
fn a_reader_cannot_emit() {
    let fixture = Fixture::with(|options| options.readers = 1);
    let refused = fixture.read(Box::new(|tx| {
        tx.emit(None, Event::UserDeleted(UserId::new(1)));
        CommitDecision::Commit
    }));
    assert!(matches!(refused, Err(StorageFault::Internal { .. })));
    assert!(fixture.published().ids().is_empty());
}

#[test]
fn a_panic_on_a_reader_ends_its_snapshot_and_nothing_else() {
    let fixture = Fixture::with(|options| options.readers = 1);
    let panicked = fixture.read(Box::new(|tx| {
        let _ = on_sqlite(tx, |connection| number(connection, COUNT));
        panic!("a panic that the test wants");
    }));
    assert_eq!(panicked, Err(StorageFault::Panicked));
    fixture.write(note(1)).unwrap();
    assert_eq!(fixture.ask(COUNT), 1);
}

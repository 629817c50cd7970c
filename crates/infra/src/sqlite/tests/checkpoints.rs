//! The write-ahead log under load.

use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use groupchat_domain::storage::CommitDecision;

use super::support::{Fixture, long_note, note, number, on_sqlite};
use crate::executor::sync::{Mutex, locked};
use crate::sqlite::checkpoint::Checkpointer;
use crate::sqlite::connection::{self, ConnectionPurpose};

const PAGE_COUNT: &str = "SELECT page_count AS value FROM pragma_page_count";

#[test]
fn a_long_log_is_checkpointed_concurrently_with_the_writer() {
    let fixture = Fixture::new();
    let text = Arc::new("x".repeat(100_000));
    for id in 1..=300 {
        fixture.write(long_note(id, &text)).unwrap();
    }
    let file = fixture.directory.path().join("chat.db");
    let until = Instant::now() + Duration::from_secs(30);
    let pages = fixture.ask(PAGE_COUNT);
    assert!(pages > 5_000);
    // The last few may not be enough for a checkpoint.
    while (file.metadata().unwrap().len() as i64) < (pages - 1_000) * 4_096 {
        assert!(Instant::now() < until, "the log was never checkpointed");
        std::thread::yield_now();
    }
    fixture.write(note(1_000)).unwrap();
}

/// A checkpointer in place of the storage's own. It restarts the log as soon as a checkpoint is worthwhile, and runs
/// only when the test calls it.
fn eager_checkpointer(fixture: &Fixture) -> Checkpointer {
    fixture.storage.stop_checkpoints();
    let path = fixture.directory.path().join("chat.db");
    let connection = connection::open(&path, ConnectionPurpose::Checkpoint).unwrap();
    let mut checkpointer = Checkpointer::new(connection, Arc::default(), Arc::default());
    checkpointer.restart_at = 1_000;
    checkpointer
}

/// A text of more than 1,000 pages.
fn write_much(fixture: &Fixture, from: i64) {
    let text = Arc::new("x".repeat(1_000_000));
    for id in from..from + 6 {
        fixture.write(long_note(id, &text)).unwrap();
    }
}

#[test]
fn a_very_long_log_starts_over() {
    let fixture = Fixture::new();
    let mut checkpointer = eager_checkpointer(&fixture);
    write_much(&fixture, 1);
    assert!(checkpointer.pages_in_log() > 1_000);
    checkpointer.look().unwrap();
    fixture.write(note(100)).unwrap();
    assert!(checkpointer.pages_in_log() < 100);
}

#[test]
fn a_long_read_delays_the_restart_of_the_log_but_no_write() {
    let fixture = Fixture::new();
    let mut checkpointer = eager_checkpointer(&fixture);
    write_much(&fixture, 1);
    let (begun, begins) = mpsc::channel();
    let (end, ends) = mpsc::channel::<()>();
    let ends = Mutex::new(ends);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            fixture.read(Box::new(move |tx| {
                on_sqlite(tx, |connection| number(connection, "SELECT count(*) AS value FROM jobs")).unwrap();
                begun.send(()).unwrap();
                let _ = locked(&ends).recv();
                CommitDecision::Commit
            }))
        });
        begins.recv().unwrap();
        write_much(&fixture, 10);
        checkpointer.look().unwrap();
        assert!(checkpointer.restart_at > 1_000, "the next try comes later");
        fixture.write(note(100)).unwrap();
        drop(end);
    });
    assert_eq!(fixture.notes().len(), 13);
}

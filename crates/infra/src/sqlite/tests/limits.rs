//! Reads that take too long, reads whose callers disconnect, and callers with many reads.

use std::sync::Arc;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use groupchat_domain::storage::{Access, Caller, CommitDecision, Mode, StorageFault};

use super::support::{Fixture, caller, note, number, on_sqlite};
use crate::executor::command::{DbWork, PendingCommand};
use crate::executor::sync::{Mutex, locked};

/// Longer than any test waits.
const NO_LIMIT: Duration = Duration::from_secs(3_600);
const SHORT: Duration = Duration::from_millis(100);

/// A statement that never ends unless it is interrupted.
const ENDLESS: &str =
    "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) AS value FROM n";

/// Signals that it runs, then executes an endless statement.
fn endless() -> (DbWork, mpsc::Receiver<()>) {
    let (started, running) = mpsc::channel();
    let work: DbWork = Box::new(move |tx| {
        started.send(()).unwrap();
        assert_eq!(on_sqlite(tx, |connection| number(connection, ENDLESS)), Err(StorageFault::TimedOut));
        // No later statement of the command reaches the database, either.
        assert_eq!(on_sqlite(tx, |connection| number(connection, "SELECT 1")), Err(StorageFault::TimedOut));
        CommitDecision::Commit
    });
    (work, running)
}

fn fixture(readers: usize, limit: Duration) -> Fixture {
    Fixture::with(|options| (options.readers, options.read_timeout) = (readers, limit))
}

fn queue(fixture: &Fixture, who: Caller, work: DbWork) -> PendingCommand {
    fixture.storage.queue(Access { mode: Mode::Read, caller: who }, work).unwrap()
}

#[test]
fn a_statement_ends_at_its_timeout_and_the_reader_goes_on() {
    let fixture = fixture(1, SHORT);
    let began = Instant::now();
    assert_eq!(fixture.read(endless().0), Err(StorageFault::TimedOut));
    assert!(began.elapsed() >= SHORT);
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
    assert_eq!(fixture.ask("SELECT 7 AS value"), 7);
}

#[test]
fn the_timeout_applies_to_the_whole_command() {
    let fixture = fixture(1, SHORT);
    let outcome = fixture.read(Box::new(|tx| {
        assert_eq!(on_sqlite(tx, |connection| number(connection, "SELECT 7 AS value")), Ok(7));
        std::thread::sleep(2 * SHORT);
        assert_eq!(on_sqlite(tx, |connection| number(connection, "SELECT 7")), Err(StorageFault::TimedOut));
        CommitDecision::Commit
    }));
    assert_eq!(outcome, Err(StorageFault::TimedOut));
}

#[test]
fn a_statement_ends_when_its_caller_is_gone() {
    let fixture = fixture(1, NO_LIMIT);
    let (work, running) = endless();
    let pending = queue(&fixture, caller(1), work);
    running.recv().unwrap();
    drop(pending);
    assert_eq!(fixture.ask("SELECT 7 AS value"), 7, "the one reader is free again");
}

#[test]
fn writes_have_no_timeout() {
    let fixture = fixture(1, SHORT);
    fixture.write(note(1)).unwrap();
    let outcome = fixture.write(Box::new(|tx| {
        std::thread::sleep(2 * SHORT);
        let counted = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 100000) \
                       SELECT count(*) AS value FROM n";
        assert_eq!(on_sqlite(tx, |connection| number(connection, counted)), Ok(100_000));
        CommitDecision::Commit
    }));
    assert_eq!(outcome, Ok(()));
}

#[test]
fn one_caller_cannot_occupy_all_readers() {
    let fixture = fixture(3, NO_LIMIT);
    let (release, released) = mpsc::channel::<()>();
    let released = Arc::new(Mutex::new(released));
    let (started, running) = mpsc::channel();
    let greedy: Vec<_> = (0..6)
        .map(|_| {
            let (released, started) = (Arc::clone(&released), started.clone());
            let work: DbWork = Box::new(move |_| {
                started.send(()).unwrap();
                let _ = locked(&released).recv();
                CommitDecision::Commit
            });
            queue(&fixture, caller(1), work)
        })
        .collect();
    for _ in 0..2 {
        running.recv().unwrap();
    }
    let other = |who| queue(&fixture, who, Box::new(|_| CommitDecision::Commit)).wait();
    for who in [caller(2), Caller::System, caller(3)] {
        assert_eq!(other(who), Ok(()), "{who:?}");
    }
    assert!(running.try_recv().is_err(), "a third one runs");
    // All of them get their turn in the end.
    drop(release);
    assert!(greedy.into_iter().all(|pending| pending.wait().is_ok()));
    assert_eq!(running.try_iter().count(), 4);
}

#[test]
fn a_single_reader_serves_everybody() {
    let fixture = fixture(1, NO_LIMIT);
    for _ in 0..3 {
        assert_eq!(queue(&fixture, caller(1), Box::new(|_| CommitDecision::Commit)).wait(), Ok(()));
    }
}

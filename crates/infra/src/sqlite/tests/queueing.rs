//! Limits, fairness and cancellation, as callers see them.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use groupchat_domain::storage::{Access, Caller, CommitDecision, Mode, Storage, StorageFault};

use super::support::{Fixture, Published, TestClock, caller, note, number};
use crate::accounts::key_activity::KeyActivity;
use crate::executor::command::{CommandQueue, DbWork, PendingCommand};
use crate::executor::sync::{Mutex, locked};
use crate::sqlite::QueueLimits;
use crate::sqlite::connection::{ConnectionPurpose, open};
use crate::sqlite::writer::Writer;

#[test]
fn a_full_queue_rejects_at_once_except_the_servers_own_commands() {
    let limits = QueueLimits { total: 3, per_caller: 2, system: 1, ..QueueLimits::default() };
    let fixture = Fixture::with(|options| options.write_queue = limits);
    let hold = fixture.hold_writer();
    let queue = |who, id| fixture.queue(who, note(id));
    let pending = [queue(caller(1), 1), queue(caller(1), 2), queue(caller(2), 4), queue(Caller::System, 6)];
    let refused = [queue(caller(1), 3), queue(caller(2), 5), queue(caller(3), 5), queue(Caller::System, 7)];
    for outcome in refused {
        assert!(matches!(outcome.err(), Some(StorageFault::Overloaded { .. })));
    }
    drop(hold);
    for outcome in pending {
        outcome.unwrap().wait().unwrap();
    }
    assert_eq!(fixture.notes(), [1, 2, 4, 6]);
}

#[test]
fn an_overloaded_storage_replies_at_once() {
    let limits = QueueLimits { total: 0, ..QueueLimits::default() };
    let fixture = Fixture::with(|options| options.write_queue = limits);
    let access = Access { mode: Mode::Write, caller: caller(1) };
    let done = fixture.storage.submit(access, Box::new(|_| CommitDecision::Commit));
    let polled = pin!(done).poll(&mut Context::from_waker(Waker::noop()));
    assert!(matches!(polled, Poll::Ready(Err(StorageFault::Overloaded { .. }))));
}

#[test]
fn a_caller_with_many_commands_does_not_delay_others() {
    let fixture = Fixture::new();
    let order = Arc::new(Mutex::new(Vec::new()));
    let mark = |name: &'static str| -> DbWork {
        let order = Arc::clone(&order);
        Box::new(move |_| {
            locked(&order).push(name);
            CommitDecision::Commit
        })
    };
    let hold = fixture.hold_writer();
    let pending = [(1, "a1"), (1, "a2"), (1, "a3"), (2, "b1"), (3, "c1")]
        .map(|(who, name)| fixture.queue(caller(who), mark(name)).unwrap());
    drop(hold);
    for outcome in pending {
        outcome.wait().unwrap();
    }
    assert_eq!(*locked(&order), ["a1", "b1", "c1", "a2", "a3"]);
}

#[test]
fn an_abandoned_command_does_not_run_and_leaves_the_queue() {
    let limits = QueueLimits { total: 2, ..QueueLimits::default() };
    let fixture = Fixture::with(|options| options.write_queue = limits);
    let ran = Arc::new(AtomicUsize::new(0));
    let count = || -> DbWork {
        let ran = Arc::clone(&ran);
        Box::new(move |_| {
            ran.fetch_add(1, Ordering::SeqCst);
            CommitDecision::Commit
        })
    };
    let hold = fixture.hold_writer();
    drop(fixture.queue(caller(1), count()).unwrap());
    let kept = [fixture.queue(caller(1), count()).unwrap(), fixture.queue(caller(2), count()).unwrap()];
    drop(hold);
    for outcome in kept {
        outcome.wait().unwrap();
    }
    assert_eq!(ran.load(Ordering::SeqCst), 2);
}

#[test]
fn an_awaited_command_resolves() {
    let fixture = Fixture::new();
    let storage: &dyn Storage = fixture.storage.as_ref();
    let access = Access { mode: Mode::Write, caller: caller(1) };
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let now = runtime.block_on(storage.run(access, |tx| Ok(tx.now()))).unwrap();
    assert_eq!(now.as_micros(), 0);
}

/// Unlocks the database and queues a command, as soon as another one is rejected: on the thread that rejects it.
struct TriesAgain {
    locks: Mutex<SqliteConnection>,
    queue: Arc<CommandQueue>,
    second: Mutex<Option<PendingCommand>>,
}

impl Wake for TriesAgain {
    fn wake(self: Arc<Self>) {
        locked(&self.locks).batch_execute("ROLLBACK").unwrap();
        *locked(&self.second) = Some(self.queue.submit(caller(1), note(2)).unwrap());
    }
}

/// A transaction could not begin for the first command. That says nothing about one that is queued later.
#[test]
fn a_caller_that_tries_again_at_once_is_not_rejected_for_the_failure_before() {
    let fixture = Fixture::new();
    let path = fixture.directory.path().join("chat.db");
    let connect = || {
        let mut connection = open(&path, ConnectionPurpose::Write).unwrap();
        connection.batch_execute("PRAGMA busy_timeout = 0").unwrap();
        connection
    };
    let queue = CommandQueue::new(QueueLimits::default());
    let writer = Writer {
        connection: connect(),
        queue: Arc::clone(&queue),
        limits: crate::sqlite::BatchLimits::default(),
        clock: Arc::<TestClock>::default(),
        sink: Arc::<Published>::default(),
        activity: Arc::new(KeyActivity::new()),
        sealer: Arc::default(),
        gate: Arc::default(),
        checkpoints: Arc::default(),
    };
    let mut other = connect();
    other.batch_execute("BEGIN IMMEDIATE").unwrap();
    let again = Arc::new(TriesAgain {
        locks: Mutex::new(other),
        queue: Arc::clone(&queue),
        second: Mutex::new(None),
    });
    let mut first = pin!(queue.submit(caller(1), note(1)).unwrap());
    let waker = Waker::from(Arc::clone(&again));
    assert!(first.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    let writer = thread::spawn(move || writer.serve());
    let second = loop {
        match locked(&again.second).take() {
            Some(second) => break second,
            None => thread::yield_now(),
        }
    };
    second.wait().unwrap();
    queue.drain();
    writer.join().unwrap();
    let Poll::Ready(Err(StorageFault::Unavailable { reason })) =
        first.poll(&mut Context::from_waker(Waker::noop()))
    else {
        panic!("the database was locked")
    };
    assert!(reason.contains("locked"), "{reason}");
    assert_eq!(number(&mut connect(), "SELECT count(*) AS value FROM jobs WHERE id = 2"), Ok(1));
}

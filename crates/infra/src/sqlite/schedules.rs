//! The writer's batches under all kinds of schedules of the threads around it.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use diesel::prelude::*;
use diesel::sql_types::BigInt;
use diesel_migrations::MigrationHarness;
use groupchat_domain::events::{Event, LoggedEvent};
use groupchat_domain::ids::UserId;
use groupchat_domain::storage::{Caller, CommitDecision, EventSink, StorageFault};
use shuttle::{future, thread};

use super::checkpoint::CheckpointSignal;
use super::gate::Gate;
use super::log_state;
use super::migrate::MIGRATIONS;
use super::writer::{BatchLimits, Writer};
use crate::accounts::key_activity::KeyActivity;
use crate::connection::Connection;
use crate::executor::command::{CommandOutcome, CommandQueue, DbWork};
use crate::executor::queue::QueueLimits;
use crate::executor::schedules::{StoppedClock, assert_needs_wakeups, explore};
use crate::tx::DbTx;

/// What was published.
#[derive(Default)]
struct Published(Mutex<Vec<(i64, i64)>>);

impl EventSink for Published {
    fn publish(&self, events: &[LoggedEvent]) {
        let place =
            |event: &LoggedEvent| (event.position.get(), event.event.ids().user.map_or(0, UserId::get));
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend(events.iter().map(place));
    }
}

/// A writer on a new database in memory.
struct Fixture {
    queue: Arc<CommandQueue>,
    gate: Arc<Gate>,
    published: Arc<Published>,
    writer: thread::JoinHandle<()>,
}

impl Fixture {
    fn new(commands: usize) -> Self {
        let mut connection = <SqliteConnection as diesel::Connection>::establish(":memory:").unwrap();
        connection.run_pending_migrations(MIGRATIONS).unwrap();
        log_state::ensure_epoch(&mut connection, "memory".as_ref()).unwrap();
        let queue = CommandQueue::new(QueueLimits::default());
        let (gate, published) = (Arc::<Gate>::default(), Arc::<Published>::default());
        let writer = Writer {
            connection,
            queue: Arc::clone(&queue),
            limits: BatchLimits { commands, time: Duration::from_secs(3_600) },
            clock: Arc::new(StoppedClock),
            sink: published.clone(),
            activity: Arc::new(KeyActivity::new()),
            sealer: Arc::default(),
            gate: Arc::clone(&gate),
            checkpoints: Arc::<CheckpointSignal>::default(),
        };
        let writer = thread::spawn(move || writer.serve());
        Self { queue, gate, published, writer }
    }

    /// Starts a caller who stores two notes, the second of which is refused if the number is odd.
    fn caller(&self, number: i64) -> thread::JoinHandle<[CommandOutcome; 2]> {
        let queue = Arc::clone(&self.queue);
        thread::spawn(move || {
            let decision = if number % 2 == 1 { CommitDecision::RollBack } else { CommitDecision::Commit };
            let notes = [(10 * number, CommitDecision::Commit), (10 * number + 1, decision)];
            let caller = Caller::User(UserId::new(number));
            let pending = notes.map(|(id, decision)| queue.submit(caller, note(id, decision)));
            pending.map(|pending| future::block_on(pending?))
        })
    }

    /// Waits until the writer has ended. What was published.
    fn end(self) -> Vec<(i64, i64)> {
        self.queue.drain();
        self.writer.join().unwrap();
        std::mem::take(&mut *self.published.0.lock().unwrap())
    }

    /// The ids of the notes in the database.
    fn stored(&self) -> Vec<i64> {
        let found = Arc::<Mutex<Vec<i64>>>::default();
        let ids = Arc::clone(&found);
        let read: DbWork = Box::new(move |tx| {
            let rows = on_sqlite(tx, |c| diesel::sql_query("SELECT id FROM jobs ORDER BY id").load::<Row>(c));
            *ids.lock().unwrap() = rows.into_iter().map(|row| row.id).collect();
            CommitDecision::RollBack
        });
        future::block_on(self.queue.submit(Caller::System, read).unwrap()).unwrap();
        std::mem::take(&mut *found.lock().unwrap())
    }
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = BigInt)]
    id: i64,
}

fn on_sqlite<T>(tx: &mut DbTx<'_>, query: impl FnOnce(&mut SqliteConnection) -> QueryResult<T>) -> T {
    let run = tx.run(|connection| match connection {
        Connection::Sqlite(connection) => query(connection),
        #[cfg(feature = "postgres")]
        Connection::Postgres(_) => unreachable!("the database is SQLite"),
    });
    run.unwrap()
}

/// Stores a note (a row in the table of jobs), which fails if it is there already, and emits an event with its number.
fn note(id: i64, decision: CommitDecision) -> DbWork {
    const INSERT: &str =
        "INSERT INTO jobs (id, kind, subject_id, run_after, created_at) VALUES (?, '', 0, 0, 0)";
    Box::new(move |tx| {
        on_sqlite(tx, |c| diesel::sql_query(INSERT).bind::<BigInt, _>(id).execute(c));
        groupchat_domain::storage::Tx::emit(tx, None, Event::UserDeleted(UserId::new(id)));
        decision
    })
}

/// Three callers, and a checkpoint that closes the gate, with batches of this many commands.
fn batches(commands: usize) {
    let fixture = Fixture::new(commands);
    let callers: Vec<_> = (1..=3).map(|number| fixture.caller(number)).collect();
    let gate = Arc::clone(&fixture.gate);
    let checkpoint = thread::spawn(move || drop(gate.close()));
    for caller in callers {
        assert_eq!(caller.join().unwrap(), [Ok(()), Ok(())]);
    }
    checkpoint.join().unwrap();
    assert_eq!(fixture.stored(), [10, 20, 21, 30]);
    let published = fixture.end();
    assert_eq!(published.iter().map(|(position, _)| *position).collect::<Vec<_>>(), [1, 2, 3, 4]);
    let mut notes: Vec<_> = published.into_iter().map(|(_, note)| note).collect();
    notes.sort_unstable();
    assert_eq!(notes, [10, 20, 21, 30]);
}

#[test]
fn what_was_acknowledged_is_stored_and_published_once() {
    for commands in [1, 2, 100] {
        explore(100, move || batches(commands));
    }
}

#[test]
fn a_missing_notification_is_found() {
    assert_needs_wakeups(|| batches(100));
}

#[test]
fn a_writer_that_ends_answers_every_caller() {
    explore(100, || {
        let fixture = Fixture::new(100);
        let callers: Vec<_> = (1..=3).map(|number| (number, fixture.caller(number))).collect();
        fixture.queue.close();
        let mut acknowledged = Vec::new();
        for (number, caller) in callers {
            for (id, outcome) in (10 * number..).zip(caller.join().unwrap()) {
                match outcome {
                    Ok(()) if id % 10 == 0 || number == 2 => acknowledged.push(id),
                    Ok(()) => {}
                    Err(fault) => assert!(matches!(fault, StorageFault::Unavailable { .. }), "{fault:?}"),
                }
            }
        }
        let mut notes: Vec<_> = fixture.end().into_iter().map(|(_, note)| note).collect();
        notes.sort_unstable();
        assert_eq!(notes, acknowledged);
    });
}

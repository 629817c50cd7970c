//! A storage in its own directory, and commands to try on it.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use groupchat_domain::events::{Event, LoggedEvent};
use groupchat_domain::ids::{EventId, UserId};
use groupchat_domain::storage::{Access, Caller, CommitDecision, EventSink, Mode, StorageFault, Tx};
use groupchat_domain::time::{Clock, Timestamp};
use tempfile::TempDir;

use crate::connection::Connection;
use crate::executor::command::{CommandOutcome, DbWork, PendingCommand};
use crate::executor::sync::{Mutex, locked};
use crate::sqlite::{BatchLimits, SqliteOptions, SqliteStorage};
use crate::tx::DbTx;

/// A clock that tests set.
#[derive(Default)]
pub(super) struct TestClock(AtomicI64);

impl TestClock {
    pub(super) fn set(&self, seconds: i64) {
        self.0.store(seconds * 1_000_000, Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.load(Ordering::SeqCst))
    }

    fn steady(&self) -> Duration {
        Duration::from_micros(self.0.load(Ordering::SeqCst).unsigned_abs())
    }
}

/// An event sink that keeps what was published, one entry per call.
#[derive(Default)]
pub(super) struct Published(Mutex<Vec<Vec<LoggedEvent>>>);

impl EventSink for Published {
    fn publish(&self, events: &[LoggedEvent]) {
        locked(&self.0).push(events.to_vec());
    }
}

impl Published {
    /// How many batches were published.
    pub(super) fn batches(&self) -> usize {
        locked(&self.0).len()
    }

    /// The ids of all events, in the order of publication.
    pub(super) fn ids(&self) -> Vec<i64> {
        locked(&self.0).iter().flatten().map(|logged| logged.id.get()).collect()
    }

    /// The subjects of all events, in the order of publication.
    pub(super) fn subjects(&self) -> Vec<i64> {
        let batches = locked(&self.0);
        batches.iter().flatten().filter_map(|logged| logged.event.ids().user).map(UserId::get).collect()
    }
}

/// A storage with its directory, clock and sink.
pub(super) struct Fixture {
    pub(super) storage: Arc<SqliteStorage>,
    published: Arc<Published>,
    pub(super) clock: Arc<TestClock>,
    pub(super) directory: TempDir,
}

impl Fixture {
    pub(super) fn new() -> Self {
        Self::with(|_| ())
    }

    /// A storage whose batches end only when the queue is empty.
    pub(super) fn with(change: impl FnOnce(&mut SqliteOptions)) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let mut options = options(&directory);
        change(&mut options);
        let (clock, published) = (Arc::<TestClock>::default(), Arc::<Published>::default());
        let storage = SqliteStorage::open(options, clock.clone(), published.clone()).unwrap();
        Self { storage: Arc::new(storage), published, clock, directory }
    }

    /// Another storage on the same file, as another process would have it.
    pub(super) fn second(&self) -> SqliteStorage {
        let options = SqliteOptions { alone: false, ..options(&self.directory) };
        SqliteStorage::open(options, self.clock.clone(), self.published.clone()).unwrap()
    }

    /// The same database opened again, after the storage was shut down.
    pub(super) fn reopened(self) -> Self {
        Self { storage: Arc::new(self.second()), ..self }
    }

    /// Queues a write command.
    pub(super) fn queue(&self, caller: Caller, work: DbWork) -> Result<PendingCommand, StorageFault> {
        self.storage.queue(Access { mode: Mode::Write, caller }, work)
    }

    /// Runs a write command.
    pub(super) fn write(&self, work: DbWork) -> CommandOutcome {
        self.queue(Caller::System, work)?.wait()
    }

    /// What was published. Callers get their replies before that, so this runs one more batch to be sure, unless the
    /// writer has ended.
    pub(super) fn published(&self) -> &Published {
        let _ = self.write(sql("SELECT 1"));
        &self.published
    }

    /// Runs a read command.
    pub(super) fn read(&self, work: DbWork) -> CommandOutcome {
        self.storage.queue(Access { mode: Mode::Read, caller: Caller::System }, work)?.wait()
    }

    /// Blocks the writer until the result is dropped, so that everything queued meanwhile becomes one batch.
    pub(super) fn hold_writer(&self) -> Hold {
        let (release, released) = mpsc::channel::<()>();
        let (started, running) = mpsc::channel();
        let released = Mutex::new(released);
        let work: DbWork = Box::new(move |_| {
            started.send(()).unwrap();
            let _ = locked(&released).recv();
            CommitDecision::Commit
        });
        let pending = self.queue(Caller::System, work).unwrap();
        running.recv().unwrap();
        Hold { _release: release, _pending: pending }
    }

    /// The result of a query for one integer, run on a reader.
    pub(super) fn ask(&self, query: &'static str) -> i64 {
        let (answer, answers) = mpsc::channel();
        self.read(Box::new(move |tx| {
            answer.send(on_sqlite(tx, |connection| number(connection, query)).unwrap()).unwrap();
            CommitDecision::Commit
        }))
        .unwrap();
        answers.recv().unwrap()
    }

    /// The ids of the stored notes.
    pub(super) fn notes(&self) -> Vec<i64> {
        let (answer, answers) = mpsc::channel();
        self.read(Box::new(move |tx| {
            let rows = on_sqlite(tx, |connection| {
                diesel::sql_query("SELECT id AS value FROM jobs ORDER BY id").load::<Row>(connection)
            });
            answer.send(rows.unwrap().into_iter().map(|row| row.value).collect()).unwrap();
            CommitDecision::Commit
        }))
        .unwrap();
        answers.recv().unwrap()
    }

    /// Checks that the log contains exactly the published events, without a gap from 1 on.
    pub(super) fn assert_log_is_what_was_published(&self) {
        let ids = self.published().ids();
        let expected: Vec<i64> = (1..).take(ids.len()).collect();
        assert_eq!(ids, expected, "published positions have no gap and are in order");
        assert_eq!(self.ask("SELECT count(*) AS value FROM events"), ids.len() as i64);
        assert_eq!(self.ask("SELECT coalesce(max(id), 0) AS value FROM events"), ids.len() as i64);
    }
}

/// Unblocks the writer when dropped.
pub(super) struct Hold {
    _release: mpsc::Sender<()>,
    _pending: PendingCommand,
}

fn options(directory: &TempDir) -> SqliteOptions {
    let mut options = SqliteOptions::new(directory.path().join("chat.db"));
    options.alone = true;
    options.batch = BatchLimits { commands: 1_000, time: Duration::from_secs(60) };
    options
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = BigInt)]
    value: i64,
}

/// The result of a query for one integer named `value`.
pub(super) fn number(connection: &mut SqliteConnection, query: &str) -> QueryResult<i64> {
    diesel::sql_query(query).get_result(connection).map(|row: Row| row.value)
}

/// A different caller for each number.
pub(super) fn caller(number: u8) -> Caller {
    Caller::User(UserId::new(number.into()))
}

/// Runs some SQL and commits, whatever the result.
pub(super) fn sql(text: &'static str) -> DbWork {
    Box::new(move |tx| {
        let _ = on_sqlite(tx, |connection| connection.batch_execute(text));
        CommitDecision::Commit
    })
}

/// Stores a note (a row in the table of jobs) and emits an event with the same number.
pub(super) fn note(id: i64) -> DbWork {
    Box::new(move |tx| store_note(tx, id, "text"))
}

/// The same as [`note`], with a text.
pub(super) fn long_note(id: i64, text: &Arc<String>) -> DbWork {
    let text = Arc::clone(text);
    Box::new(move |tx| store_note(tx, id, &text))
}

/// The same as [`note`], then rejects.
pub(super) fn refused_note(id: i64) -> DbWork {
    Box::new(move |tx| {
        store_note(tx, id, "text");
        CommitDecision::RollBack
    })
}

/// The same as [`note`], then runs SQL that fails.
pub(super) fn failing_note(id: i64, then: &'static str) -> DbWork {
    Box::new(move |tx| {
        store_note(tx, id, "text");
        let failed = on_sqlite(tx, |connection| connection.batch_execute(then));
        assert!(failed.is_err());
        assert_eq!(on_sqlite(tx, |connection| number(connection, "SELECT 1 AS value")).err(), failed.err());
        tx.emit(None, Event::UserDeleted(UserId::new(id)));
        CommitDecision::Commit
    })
}

/// The same as [`note`], then panics.
pub(super) fn panicking_note(id: i64) -> DbWork {
    Box::new(move |tx| {
        store_note(tx, id, "text");
        panic!("a panic that the test wants");
    })
}

fn store_note(tx: &mut DbTx<'_>, id: i64, text: &str) -> CommitDecision {
    let insert = diesel::sql_query(
        "INSERT INTO jobs (id, kind, subject_id, run_after, created_at) VALUES (?, ?, 0, 0, 0)",
    );
    let stored = on_sqlite(tx, |c| insert.bind::<BigInt, _>(id).bind::<Text, _>(text).execute(c));
    let reserved = tx.next_event_id();
    tx.emit(None, Event::UserDeleted(UserId::new(id)));
    if stored.is_ok() {
        assert_eq!(tx.next_event_id(), reserved.map(EventId::next));
    }
    CommitDecision::Commit
}

/// Runs a query on the SQLite connection.
pub(super) fn on_sqlite<T>(
    tx: &mut DbTx<'_>,
    query: impl FnOnce(&mut SqliteConnection) -> QueryResult<T>,
) -> Result<T, StorageFault> {
    tx.run(|connection| match connection {
        Connection::Sqlite(connection) => query(connection),
        #[cfg(feature = "postgres")]
        Connection::Postgres(_) => unreachable!("the storage is on SQLite"),
    })
}

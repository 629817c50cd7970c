//! A storage on a database of its own, and commands to try on it.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use groupchat_domain::events::LoggedEvent;
use groupchat_domain::storage::{
    Access, Caller, CommitDecision, Done, EventSink, Mode, Storage, StorageFault, Tx,
};
use groupchat_infra::clock::SystemClock;
use groupchat_infra::postgres::{OpenError, PostgresOptions, PostgresStorage};
use groupchat_testing::Scratch;

use crate::console::Console;
use crate::support::fixture;

/// How long anything may take before a test gives it up: far longer than it ever does.
pub(crate) const DEADLINE: Duration = Duration::from_secs(30);

/// A storage with one worker that writes and one that reads, and what belongs to it.
pub(crate) struct OneWorkerStorage {
    // In this order: the storage lets go of the database before that is dropped.
    pub storage: Arc<PostgresStorage>,
    pub published: Arc<Published>,
    pub scratch: Arc<Scratch>,
}

/// Keeps what was published.
#[derive(Default)]
pub(crate) struct Published {
    events: Mutex<Vec<LoggedEvent>>,
    more: Condvar,
}

impl EventSink for Published {
    fn publish(&self, events: &[LoggedEvent]) {
        self.events.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(events);
        self.more.notify_all();
    }
}

impl Published {
    /// The places of all events, in the order of publication.
    pub(crate) fn positions(&self) -> Vec<i64> {
        self.events.lock().unwrap().iter().map(|event| event.position.get()).collect()
    }

    /// Waits until the event of this place, or a later one, is published.
    #[track_caller]
    pub(crate) fn wait_for(&self, position: i64) {
        let is_missing =
            |events: &mut Vec<LoggedEvent>| events.last().is_none_or(|event| event.position.get() < position);
        let events = self.events.lock().unwrap();
        let (events, wait) = self.more.wait_timeout_while(events, DEADLINE, is_missing).unwrap();
        let last = events.last().map(|event| event.position);
        drop(events);
        assert!(!wait.timed_out(), "the event at {position} is not published, the last one is {last:?}");
    }
}

/// The options of a storage with few threads.
pub(crate) fn options(url: &str) -> PostgresOptions {
    PostgresOptions { writers: 1, readers: 1, ..PostgresOptions::new(url) }
}

/// Opens a database whose events nobody takes.
pub(crate) fn open(options: PostgresOptions) -> Result<PostgresStorage, OpenError> {
    PostgresStorage::open(options, Arc::new(SystemClock), Arc::<Published>::default())
}

/// Why a database can't be opened.
#[track_caller]
pub(crate) fn refusal(options: PostgresOptions) -> OpenError {
    match open(options) {
        Ok(_) => panic!("it was opened"),
        Err(error) => error,
    }
}

impl OneWorkerStorage {
    pub(crate) fn new() -> Self {
        Self::with(|_| ())
    }

    pub(crate) fn with(change: impl FnOnce(&mut PostgresOptions)) -> Self {
        Self::on(Scratch::create(), change)
    }

    /// A storage on a database that was prepared for it.
    pub(crate) fn on(scratch: impl Into<Arc<Scratch>>, change: impl FnOnce(&mut PostgresOptions)) -> Self {
        let scratch = scratch.into();
        let mut options = options(scratch.url());
        change(&mut options);
        let published = Arc::<Published>::default();
        let storage = PostgresStorage::open(options, Arc::new(SystemClock), published.clone()).unwrap();
        Self { storage: Arc::new(storage), published, scratch }
    }

    /// Another storage on the same database.
    pub(crate) fn beside(&self, change: impl FnOnce(&mut PostgresOptions)) -> Self {
        Self::on(Arc::clone(&self.scratch), change)
    }

    pub(crate) fn console(&self) -> Console {
        Console::open(self.scratch.url())
    }

    /// Queues a command.
    pub(crate) fn queue(
        &self,
        mode: Mode,
        caller: Caller,
        work: impl Fn(&mut dyn Tx) -> CommitDecision + Send + 'static,
    ) -> Done {
        self.storage.submit(Access { mode, caller }, Box::new(work))
    }

    /// Runs a command that writes.
    pub(crate) fn write(
        &self,
        work: impl Fn(&mut dyn Tx) -> CommitDecision + Send + 'static,
    ) -> Result<(), StorageFault> {
        settled(self.queue(Mode::Write, Caller::System, work))
    }

    /// Runs a command that reads.
    pub(crate) fn read(
        &self,
        work: impl Fn(&mut dyn Tx) -> CommitDecision + Send + 'static,
    ) -> Result<(), StorageFault> {
        settled(self.queue(Mode::Read, Caller::System, work))
    }

    /// Keeps the worker of this kind busy until the result is dropped.
    pub(crate) fn hold(&self, mode: Mode) -> Hold {
        let (release, released) = channel::<()>();
        let (started, running) = channel();
        let released = Mutex::new(released);
        let held = self.queue(mode, Caller::System, move |_| {
            started.send(()).unwrap();
            let _ = released.lock().unwrap().recv();
            CommitDecision::Commit
        });
        running.recv_timeout(DEADLINE).unwrap();
        Hold { _release: release, _held: held }
    }
}

/// Lets a worker go on when dropped.
pub(crate) struct Hold {
    _release: Sender<()>,
    _held: Done,
}

/// Waits for the outcome of a command.
#[track_caller]
pub(crate) fn settled(done: Done) -> Result<(), StorageFault> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(async { tokio::time::timeout(DEADLINE, done).await }).expect("an outcome in good time")
}

/// Stores a user.
pub(crate) fn store(name: &'static str) -> impl Fn(&mut dyn Tx) -> CommitDecision + Send + 'static {
    move |tx| {
        fixture::user(tx, name);
        CommitDecision::Commit
    }
}

/// Writes a row that is there.
pub(crate) fn touch(tx: &mut dyn Tx) -> CommitDecision {
    let _ = tx.touch();
    CommitDecision::Commit
}

/// Counts how often a command runs.
#[derive(Clone, Default)]
pub(crate) struct Runs(Arc<AtomicUsize>);

impl Runs {
    pub(crate) fn get(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }

    /// The same work, counted. Tells it how often it has run before.
    pub(crate) fn of(
        &self,
        work: impl Fn(&mut dyn Tx, usize) -> CommitDecision + Send + 'static,
    ) -> impl Fn(&mut dyn Tx) -> CommitDecision + Send + 'static {
        let runs = self.clone();
        move |tx| {
            let before = runs.0.fetch_add(1, Ordering::SeqCst);
            work(tx, before)
        }
    }
}

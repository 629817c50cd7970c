//! Where commands race: a database, the servers on it, people who act, and a start at one moment.

use std::panic::resume_unwind;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use groupchat_domain::accounts::Actor;
use groupchat_domain::events::EventRecord;
use groupchat_domain::ids::Position;
use groupchat_domain::jobs;
use groupchat_domain::storage::{Credential, Storage, Tx};
use groupchat_domain::{Error, Refusal};
use groupchat_infra::DatabaseStorage;
use groupchat_infra::check::Finding;
use groupchat_testing::Dice;

use crate::pausing::PausingStorage;
use crate::support::{Database, NoListener, log};

/// How long a race is run again and again.
const BUDGET: Duration = Duration::from_millis(1_000);
/// How often at least, however slow the machine is.
const FEWEST_ROUNDS: usize = 3;

/// A database, and the servers on it between which commands are dealt out.
pub(crate) struct Arena {
    // Shut down before their database is removed.
    servers: Vec<Server>,
    turns: AtomicUsize,
    database: Database,
    serial: AtomicU64,
    /// Up to where [`news`](Self::news) has read the log.
    read_to: Mutex<Position>,
}

/// One of the servers.
struct Server {
    storage: Arc<dyn Storage>,
    /// The same, with pauses.
    pausing: Arc<dyn Storage>,
    /// Held while the server works jobs off, as each does one at a time.
    job_runner: Mutex<()>,
}

impl Server {
    fn new(storage: Arc<dyn Storage>, dice: Dice) -> Self {
        let pausing = Arc::new(PausingStorage::new(Arc::clone(&storage), dice));
        Self { storage, pausing, job_runner: Mutex::default() }
    }
}

impl Arena {
    /// One server on a SQLite file.
    pub(crate) fn sqlite() -> Self {
        Self::new(Database::sqlite_unobserved(), None)
    }

    /// One server on PostgreSQL.
    #[cfg(feature = "postgres")]
    pub(crate) fn postgres() -> Self {
        Self::new(Database::postgres_unobserved(), None)
    }

    /// Two servers that share a database on PostgreSQL.
    #[cfg(feature = "postgres")]
    pub(crate) fn two_servers() -> Self {
        let database = Database::postgres_unobserved();
        let second = database.beside(Arc::new(NoListener));
        Self::new(database, Some(second))
    }

    fn new(database: Database, beside: Option<Arc<dyn DatabaseStorage>>) -> Self {
        let mut dice = Dice::seeded();
        let mut servers = vec![Server::new(database.storage(), dice.split())];
        servers.extend(beside.map(|storage| Server::new(storage, dice.split())));
        Self {
            servers,
            turns: AtomicUsize::new(0),
            database,
            serial: AtomicU64::new(1),
            read_to: Mutex::new(Position::ZERO),
        }
    }

    fn next(&self) -> &Server {
        &self.servers[self.turns.fetch_add(1, Ordering::Relaxed) % self.servers.len()]
    }

    /// The server whose turn it is.
    pub(crate) fn server(&self) -> &dyn Storage {
        self.next().pausing.as_ref()
    }

    /// One more server on the database.
    pub(crate) fn open_beside(&self) -> Arc<dyn Storage> {
        let server = self.database.beside(Arc::new(NoListener));
        Arc::new(PausingStorage::new(server, Dice::new(self.serial())))
    }

    /// A number that was not given out before.
    pub(crate) fn serial(&self) -> u64 {
        self.serial.fetch_add(1, Ordering::Relaxed)
    }

    /// Waits for a use case. It may reject; it may not fail, however many run beside it.
    #[track_caller]
    pub(crate) fn wait_for<T>(&self, answer: impl Future<Output = Result<T, Error>>) -> Result<T, Refusal> {
        self.database.wait_for(answer).map_err(|error| match error {
            Error::Refused(refusal) => refusal,
            failure => panic!("a command failed: {failure:?}"),
        })
    }

    /// Does something as the holder of a key.
    #[track_caller]
    pub(crate) fn act<T: Send + 'static>(
        &self,
        who: Credential,
        work: impl Fn(&mut dyn Tx, &Actor) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Refusal> {
        self.wait_for(self.server().write_as(who, work))
    }

    /// Changes the database before or after a race, past all rules.
    #[track_caller]
    pub(crate) fn prepare<T: Send + 'static>(&self, work: impl Fn(&mut dyn Tx) -> T + Send + 'static) -> T {
        self.database.write(move |tx| Ok(work(tx))).expect("what prepares a race succeeds")
    }

    /// Reads what a race has left.
    #[track_caller]
    pub(crate) fn look<T: Send + 'static>(&self, work: impl Fn(&mut dyn Tx) -> T + Send + 'static) -> T {
        self.database.read(move |tx| Ok(work(tx))).expect("what a race has left can be read")
    }

    /// Works all durable jobs off on one of the servers. None may fail.
    #[track_caller]
    pub(crate) fn settle(&self) {
        let server = self.next();
        let _running = server.job_runner.lock().unwrap_or_else(PoisonError::into_inner);
        let failed = |job: jobs::Job, error: &Error| panic!("{job:?} failed: {error}");
        // Every other time without pauses, so that jobs are also done before what began before them.
        let storage = if self.serial().is_multiple_of(2) { &server.storage } else { &server.pausing };
        let done = self.wait_for(jobs::run_due_jobs(storage.as_ref(), failed));
        done.expect("a job is refused nothing");
    }

    /// Fails unless every check of the database passes.
    #[track_caller]
    pub(crate) fn assert_sound(&self) {
        let wrong: Vec<_> = self.database.check().into_iter().filter(Finding::is_failure).collect();
        assert!(wrong.is_empty(), "{wrong:?}");
    }

    /// What was acknowledged since the last time this was asked, in the order of the log.
    #[track_caller]
    pub(crate) fn news(&self) -> Vec<EventRecord> {
        let mut last = self.read_to.lock().unwrap_or_else(PoisonError::into_inner);
        let news = log::read(&self.database, *last);
        *last = news.last().map_or(*last, |event| event.position);
        news
    }
}

/// Somebody's part in a race.
pub(crate) type Part<'a, T> = Box<dyn FnOnce() -> T + Send + 'a>;

/// A part.
pub(crate) fn part<'a, T>(run: impl FnOnce() -> T + Send + 'a) -> Part<'a, T> {
    Box::new(run)
}

/// Runs all parts at one moment, each on a thread of its own. Their results, in the order of the parts.
pub(crate) fn at_once<T: Send>(parts: Vec<Part<'_, T>>) -> Vec<T> {
    let start = Barrier::new(parts.len());
    let run = |part: Part<'_, T>| {
        start.wait();
        part()
    };
    thread::scope(|scope| {
        let running: Vec<_> = parts.into_iter().map(|part| scope.spawn(|| run(part))).collect();
        running.into_iter().map(|part| part.join().unwrap_or_else(|panic| resume_unwind(panic))).collect()
    })
}

/// Runs a race again and again until its time is up. The rounds are counted from 0.
pub(crate) fn rounds(mut race: impl FnMut(usize)) {
    let end = Instant::now() + BUDGET;
    let mut round = 0;
    while round < FEWEST_ROUNDS || Instant::now() < end {
        race(round);
        round += 1;
    }
}

//! The storage as a whole: opening, passing commands to the threads, shutting down.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use diesel::prelude::*;
use groupchat_domain::accounts::KeyHash;
use groupchat_domain::ids::UserId;
use groupchat_domain::storage::{Access, Done, EventSink, Mode, Storage, Work};
use groupchat_domain::time::Clock;

use super::cancel::Canceller;
use super::dial::{Dial, Purpose};
use super::error::OpenError;
use super::link::{Link, Peers};
use super::log::{LogFollower, LogSignal};
use super::log_state;
use super::migrate;
use super::options::PostgresOptions;
use super::schema_check;
use super::worker::Worker;
use crate::connection::Connection;
use crate::database::DatabaseStorage;
use crate::executor::command::CommandQueue;
use crate::executor::sync::locked;
use crate::executor::threads::{GRACE, Threads, finish};
use crate::executor::upkeep::{self, StopSignal, Upkeep};
use crate::key_activity::KeyActivity;

/// How long a dropped storage waits for its threads.
const DROP_DEADLINE: Duration = Duration::from_secs(5);

/// A PostgreSQL database in use: [`Storage`] on it.
pub struct PostgresStorage {
    options: PostgresOptions,
    dial: Arc<Dial>,
    writes: Arc<CommandQueue>,
    reads: Arc<CommandQueue>,
    activity: Arc<KeyActivity>,
    log: Arc<LogSignal>,
    stop_upkeep: Arc<StopSignal>,
    /// `None` once shut down.
    threads: Mutex<Option<Crew>>,
}

/// The threads by what they do.
#[derive(Default)]
struct Crew {
    upkeep: Threads,
    readers: Threads,
    writers: Threads,
    log: Threads,
}

impl PostgresStorage {
    /// Waits for the database server, migrates the database where needed and allowed, and starts the threads.
    /// Blocks while it does so.
    ///
    /// # Errors
    /// [`OpenError`], in words for people.
    pub fn open(
        options: PostgresOptions,
        clock: Arc<dyn Clock>,
        sink: Arc<dyn EventSink>,
    ) -> Result<Self, OpenError> {
        let dial = Arc::new(Dial::new(&options));
        let mut connection = dial.connect_within(Purpose::Migrate, options.connect_within)?;
        schema_check::require_ours(&mut connection, &dial.shown())?;
        if options.migrates {
            migrate::migrate(&mut connection, &dial.shown())?;
        } else {
            migrate::migrate_if_empty(&mut connection, &dial.shown())?;
        }
        log_state::ensure_epoch(&mut connection, &dial.shown(), clock.now())?;
        let storage = Self {
            dial,
            writes: CommandQueue::new(options.write_queue),
            reads: CommandQueue::new(options.read_queue.shared_by(options.readers)),
            activity: Arc::new(KeyActivity::new()),
            log: Arc::new(LogSignal::new()),
            stop_upkeep: Arc::default(),
            threads: Mutex::new(None),
            options,
        };
        let crew = Crew::default();
        let started = storage.start(&crew, connection, &clock, &sink);
        // Also when not all could be started: dropping the storage then ends those that were.
        *locked(&storage.threads) = Some(crew);
        started.map(|()| storage)
    }

    /// Workers connect when they get their first command, so that a start costs few connections.
    fn start(
        &self,
        crew: &Crew,
        mut first: PgConnection,
        clock: &Arc<dyn Clock>,
        sink: &Arc<dyn EventSink>,
    ) -> Result<(), OpenError> {
        if self.options.follows_log {
            let position = log_state::head(&mut first, &self.dial.shown())?;
            let (dial, signal) = (Arc::clone(&self.dial), Arc::clone(&self.log));
            let look_every = self.options.look_every;
            let (clock, sink) = (Arc::clone(clock), Arc::clone(sink));
            let follower = LogFollower::new(dial, signal, look_every, clock, sink, position);
            crew.log.spawn("pg-log", || follower.serve()).map_err(OpenError::Thread)?;
        }
        let peers = Arc::default();
        for number in 0..self.options.writers {
            let worker = self.worker(Mode::Write, &peers, clock, sink);
            crew.writers
                .spawn(&format!("pg-write-{number}"), || worker.serve())
                .map_err(OpenError::Thread)?;
        }
        let peers = Arc::default();
        for number in 0..self.options.readers {
            let worker = self.worker(Mode::Read, &peers, clock, sink);
            crew.readers.spawn(&format!("pg-read-{number}"), || worker.serve()).map_err(OpenError::Thread)?;
        }
        let canceller = Canceller { dial: Arc::clone(&self.dial), queue: Arc::clone(&self.reads) };
        crew.upkeep.spawn("pg-cancel", || canceller.serve()).map_err(OpenError::Thread)?;
        let upkeep = self.upkeep(clock);
        crew.upkeep.spawn("pg-upkeep", || upkeep.serve()).map_err(OpenError::Thread)
    }

    fn worker(
        &self,
        mode: Mode,
        peers: &Arc<Peers>,
        clock: &Arc<dyn Clock>,
        sink: &Arc<dyn EventSink>,
    ) -> Worker {
        Worker {
            dial: Arc::clone(&self.dial),
            mode,
            link: Link::new(Arc::clone(&self.dial), mode, Arc::clone(peers)),
            seat: self.queue(mode).seat(),
            read_timeout: self.options.read_timeout,
            clock: Arc::clone(clock),
            activity: Arc::clone(&self.activity),
            log: Arc::clone(&self.log),
            sink: Arc::clone(sink),
        }
    }

    fn upkeep(&self, clock: &Arc<dyn Clock>) -> Upkeep {
        Upkeep {
            every: self.options.upkeep_every,
            queue: Arc::clone(&self.writes),
            clock: Arc::clone(clock),
            activity: Arc::clone(&self.activity),
            stop: Arc::clone(&self.stop_upkeep),
        }
    }

    const fn queue(&self, mode: Mode) -> &Arc<CommandQueue> {
        match mode {
            Mode::Read => &self.reads,
            Mode::Write => &self.writes,
        }
    }

    /// Stores the last uses of keys that the maintenance has not come to.
    fn store_last_uses(&self) -> Result<(), String> {
        let uses = self.activity.unstored();
        if uses.is_empty() {
            return Ok(());
        }
        let mut connection = self.dial.connect(Purpose::Write)?;
        let stored = connection
            .build_transaction()
            .run(|connection| upkeep::store_uses(&mut Connection::Postgres(connection), &uses));
        stored.map_err(|error| error.to_string())
    }
}

impl Storage for PostgresStorage {
    fn submit(&self, access: Access, work: Work) -> Done {
        match self.queue(access.mode).submit(access.caller, Box::new(move |tx| work(tx))) {
            Ok(pending) => Box::pin(pending),
            Err(fault) => Box::pin(std::future::ready(Err(fault))),
        }
    }

    fn knows_key(&self, key: &KeyHash) -> bool {
        self.activity.knows(key)
    }

    fn holder(&self, key: &KeyHash) -> Option<UserId> {
        self.activity.holder(key)
    }
}

impl DatabaseStorage for PostgresStorage {
    /// Also stores the last uses of keys, and numbers what was stored if no other server does.
    fn shutdown(&self, deadline: Duration) {
        let Some(crew) = locked(&self.threads).take() else { return };
        let until = Instant::now() + deadline;
        self.stop_upkeep.stop();
        self.writes.drain();
        self.reads.drain();
        finish(crew.readers, &self.reads, until);
        finish(crew.writers, &self.writes, until);
        if let Err(reason) = self.store_last_uses() {
            tracing::warn!(reason, "could not store when keys were last used");
        }
        self.log.stop();
        for threads in [crew.upkeep, crew.log] {
            let _ = threads.wait(Instant::now() + GRACE);
        }
    }
}

impl Drop for PostgresStorage {
    fn drop(&mut self) {
        self.shutdown(DROP_DEADLINE);
    }
}

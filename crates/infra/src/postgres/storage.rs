//! The storage as a whole: opening, passing commands to the threads, shutting down.

use std::sync::Arc;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use groupchat_domain::accounts::KeyHash;
use groupchat_domain::ids::UserId;
use groupchat_domain::secrets::Sealer;
use groupchat_domain::storage::{Access, Condition, Done, EventSink, Mode, Storage, Work};
use groupchat_domain::time::Clock;

use super::cancel::Canceller;
use super::connector::{ConnectionPurpose, Connector};
use super::error::OpenError;
use super::log::{LogFollower, LogSignal};
use super::migrate;
use super::options::PostgresOptions;
use super::schema_check;
use super::worker::Worker;
use super::worker_connection::{Peers, WorkerConnection};
use super::{ids, log_state};
use crate::accounts::key_activity::KeyActivity;
use crate::check::StartupCheck;
use crate::connection::Connection;
use crate::database::DatabaseStorage;
use crate::executor::command::CommandQueue;
use crate::executor::maintenance::{self, StopSignal, StorageMaintenance};
use crate::executor::sync::{Mutex, locked};
use crate::executor::threads::{GRACE, Threads, finish};
use crate::secrets::SealerSlot;

/// How long a dropped storage waits for its threads.
const DROP_DEADLINE: Duration = Duration::from_secs(5);

/// A PostgreSQL database in use: [`Storage`] on it.
pub struct PostgresStorage {
    options: PostgresOptions,
    connector: Arc<Connector>,
    writes: Arc<CommandQueue>,
    reads: Arc<CommandQueue>,
    activity: Arc<KeyActivity>,
    sealer: Arc<SealerSlot>,
    log: Arc<LogSignal>,
    stop_maintenance: Arc<StopSignal>,
    /// The check at the start; `None` beside servers, which make their own.
    check: Option<StartupCheck>,
    /// `None` once shut down.
    threads: Mutex<Option<Workers>>,
}

/// The threads, by task.
#[derive(Default)]
struct Workers {
    maintenance: Threads,
    readers: Threads,
    writers: Threads,
    log: Threads,
}

impl PostgresStorage {
    /// Waits for the database server, migrates the database if necessary and allowed, and starts the threads. Blocks.
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn open(
        options: PostgresOptions,
        clock: Arc<dyn Clock>,
        sink: Arc<dyn EventSink>,
    ) -> Result<Self, OpenError> {
        let connector = Arc::new(Connector::new(&options));
        let mut connection = connector.connect_within(ConnectionPurpose::Migrate, options.connect_within)?;
        schema_check::require_ours(&mut connection, &connector.shown())?;
        if options.migrates {
            migrate::migrate(&mut connection, &connector.shown())?;
        } else {
            migrate::migrate_if_empty(&mut connection, &connector.shown())?;
        }
        log_state::ensure_epoch(&mut connection, &connector.shown())?;
        ids::follow_lineage(&mut connection, &connector.shown(), clock.now())?;
        let check =
            options.follows_log.then(|| check_newest(&mut connection, &connector.shown())).transpose()?;
        let storage = Self {
            check,
            connector,
            writes: CommandQueue::new(options.write_queue),
            reads: CommandQueue::new(options.read_queue.shared_by(options.readers)),
            activity: Arc::new(KeyActivity::new()),
            sealer: Arc::default(),
            log: Arc::new(LogSignal::new()),
            stop_maintenance: Arc::default(),
            threads: Mutex::new(None),
            options,
        };
        let workers = Workers::default();
        let started = storage.start(&workers, connection, &clock, &sink);
        // Set even if not all threads could be started: dropping the storage then ends the others.
        *locked(&storage.threads) = Some(workers);
        started.map(|()| storage)
    }

    /// Workers connect when they get their first command, so that a start opens few connections.
    fn start(
        &self,
        workers: &Workers,
        mut first: PgConnection,
        clock: &Arc<dyn Clock>,
        sink: &Arc<dyn EventSink>,
    ) -> Result<(), OpenError> {
        if self.options.follows_log {
            let position = log_state::head(&mut first, &self.connector.shown())?;
            let (connector, signal) = (Arc::clone(&self.connector), Arc::clone(&self.log));
            let poll_interval = self.options.poll_interval;
            let (clock, sink) = (Arc::clone(clock), Arc::clone(sink));
            let follower = LogFollower::new(connector, signal, poll_interval, clock, sink, position);
            workers.log.spawn("pg-log", || follower.serve()).map_err(OpenError::Thread)?;
        }
        let peers = Arc::default();
        for number in 0..self.options.writers {
            let worker = self.worker(Mode::Write, &peers, clock, sink);
            workers
                .writers
                .spawn(&format!("pg-write-{number}"), || worker.serve())
                .map_err(OpenError::Thread)?;
        }
        let peers = Arc::default();
        for number in 0..self.options.readers {
            let worker = self.worker(Mode::Read, &peers, clock, sink);
            workers
                .readers
                .spawn(&format!("pg-read-{number}"), || worker.serve())
                .map_err(OpenError::Thread)?;
        }
        let canceller = Canceller { connector: Arc::clone(&self.connector), queue: Arc::clone(&self.reads) };
        workers.maintenance.spawn("pg-cancel", || canceller.serve()).map_err(OpenError::Thread)?;
        let maintenance = self.maintenance(clock);
        workers.maintenance.spawn("pg-maintenance", || maintenance.serve()).map_err(OpenError::Thread)
    }

    fn worker(
        &self,
        mode: Mode,
        peers: &Arc<Peers>,
        clock: &Arc<dyn Clock>,
        sink: &Arc<dyn EventSink>,
    ) -> Worker {
        Worker {
            connector: Arc::clone(&self.connector),
            mode,
            connection: WorkerConnection::new(Arc::clone(&self.connector), mode, Arc::clone(peers)),
            worker_slot: self.queue(mode).worker_slot(),
            read_timeout: self.options.read_timeout,
            clock: Arc::clone(clock),
            activity: Arc::clone(&self.activity),
            sealer: Arc::clone(&self.sealer),
            log: Arc::clone(&self.log),
            sink: Arc::clone(sink),
        }
    }

    fn maintenance(&self, clock: &Arc<dyn Clock>) -> StorageMaintenance {
        StorageMaintenance {
            every: self.options.maintenance_interval,
            queue: Arc::clone(&self.writes),
            clock: Arc::clone(clock),
            activity: Arc::clone(&self.activity),
            stop: Arc::clone(&self.stop_maintenance),
            give_back: None,
        }
    }

    const fn queue(&self, mode: Mode) -> &Arc<CommandQueue> {
        match mode {
            Mode::Read => &self.reads,
            Mode::Write => &self.writes,
        }
    }

    /// Stores the last uses of keys that the maintenance has not stored yet.
    fn store_last_uses(&self) -> Result<(), String> {
        let uses = self.activity.unstored();
        if uses.is_empty() {
            return Ok(());
        }
        let mut connection = self.connector.connect(ConnectionPurpose::Write)?;
        let stored = connection
            .build_transaction()
            .run(|connection| maintenance::store_uses(&mut Connection::Postgres(connection), &uses));
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

    fn condition(&self) -> Condition {
        self.check.as_ref().map_or(Condition::Sound, StartupCheck::condition)
    }
}

impl DatabaseStorage for PostgresStorage {
    fn seal_with(&self, sealer: Arc<dyn Sealer>) {
        self.sealer.fill(sealer);
    }

    /// Also stores the last uses of keys, and assigns positions to stored events if no other server does.
    fn shutdown(&self, deadline: Duration) {
        let Some(workers) = locked(&self.threads).take() else { return };
        let until = Instant::now() + deadline;
        self.stop_maintenance.stop();
        self.writes.drain();
        self.reads.drain();
        finish(workers.readers, &self.reads, until);
        finish(workers.writers, &self.writes, until);
        if let Err(reason) = self.store_last_uses() {
            tracing::warn!(reason, "could not store when keys were last used");
        }
        self.log.stop();
        for threads in [workers.maintenance, workers.log] {
            let _ = threads.wait(Instant::now() + GRACE);
        }
    }
}

impl Drop for PostgresStorage {
    fn drop(&mut self) {
        self.shutdown(DROP_DEADLINE);
    }
}

/// Checks the newest messages and events, on one snapshot. PostgreSQL itself looks for damage wherever it reads, but
/// not for values that are wrong in a page that is intact for it.
fn check_newest(connection: &mut PgConnection, database: &str) -> Result<StartupCheck, OpenError> {
    let failed = |error: diesel::result::Error| log_state::refused(database, &error);
    connection.batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").map_err(failed)?;
    let check = StartupCheck::of_newest(&mut Connection::Postgres(connection));
    // Fails if the connection was lost, which says nothing about the rows.
    connection.batch_execute("ROLLBACK").map_err(failed)?;
    Ok(check)
}

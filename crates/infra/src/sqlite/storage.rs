//! The storage as a whole: opening, passing commands to the threads, shutting down.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use diesel::prelude::*;
use groupchat_domain::accounts::KeyHash;
use groupchat_domain::ids::UserId;
use groupchat_domain::secrets::Sealer;
use groupchat_domain::storage::{Access, Condition, Done, EventSink, Mode, Storage, StorageFault, Work};
use groupchat_domain::time::Clock;
use groupchat_sqlite_interrupt::watch_statements;

use super::checkpoint::{self, CheckpointSignal, Checkpointer};
use super::connection::{self, ConnectionPurpose};
use super::create;
use super::data_dir_lock::{DataDirLock, LastUse};
use super::detection;
use super::error::OpenError;
use super::free_space;
use super::gate::Gate;
use super::log_state;
use super::migrate;
use super::options::SqliteOptions;
use super::readers::Reader;
use super::shrink::give_back_pages;
use super::staged_file::sync_folder;
use super::startup_check::{self, is_broken};
use super::writer::Writer;
use crate::accounts::key_activity::KeyActivity;
use crate::check::StartupCheck;
use crate::connection::Connection;
use crate::database::DatabaseStorage;
use crate::executor::command::{CommandQueue, DbWork, PendingCommand};
use crate::executor::maintenance::{self, StopSignal, StorageMaintenance};
use crate::executor::sync::{Mutex, locked};
use crate::executor::threads::{GRACE, Threads, finish};
use crate::observer::observe;
use crate::secrets::SealerSlot;
use crate::time_limit;

/// How long a dropped storage waits for its threads.
const DROP_DEADLINE: Duration = Duration::from_secs(5);

/// A database file in use: [`Storage`] on SQLite.
pub struct SqliteStorage {
    options: SqliteOptions,
    writes: Arc<CommandQueue>,
    reads: Arc<CommandQueue>,
    activity: Arc<KeyActivity>,
    sealer: Arc<SealerSlot>,
    checkpoints: Arc<CheckpointSignal>,
    stop_maintenance: Arc<StopSignal>,
    /// The check at the start; `None` beside a server, which has made its own.
    check: Option<StartupCheck>,
    /// `None` once shut down.
    threads: Mutex<Option<Workers>>,
}

/// The threads, by task.
#[derive(Default)]
struct Workers {
    maintenance: Threads,
    readers: Threads,
    writer: Threads,
    checkpointer: Threads,
}

impl SqliteStorage {
    /// Opens the database, migrates it if necessary and if no server uses it, and starts the threads. Blocks.
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn open(
        mut options: SqliteOptions,
        clock: Arc<dyn Clock>,
        sink: Arc<dyn EventSink>,
    ) -> Result<Self, OpenError> {
        options.path = std::path::absolute(&options.path)
            .map_err(|error| OpenError::unwritable(&options.path, &error))?;
        create::create_if_missing(&options)?;
        let check = look_through(&options)?;
        watch_statements(time_limit::is_over).map_err(|code| {
            let reason = format!("SQLite can't be asked to watch statements (code {code})");
            OpenError::from_reason(&options.path, &reason)
        })?;
        if options.alone {
            migrate::migrate(&options.path)?;
        } else {
            migrate::migrate_unless_in_use(&options.path)?;
        }
        let check = match check {
            None if options.alone => {
                let mut connection = connection::open(&options.path, ConnectionPurpose::Read)?;
                Some(StartupCheck::of_newest(&mut Connection::Sqlite(&mut connection)))
            }
            check => check,
        };
        let storage = Self {
            writes: CommandQueue::new(options.write_queue),
            reads: CommandQueue::new(options.read_queue.shared_by(options.readers)),
            activity: Arc::new(KeyActivity::new()),
            sealer: Arc::default(),
            checkpoints: Arc::default(),
            stop_maintenance: Arc::default(),
            threads: Mutex::new(None),
            check,
            options,
        };
        let workers = Workers::default();
        let started = storage.start(&workers, &clock, sink);
        // Set even if not all threads could be started: dropping the storage then ends the others.
        *locked(&storage.threads) = Some(workers);
        started.map(|()| storage)
    }

    /// Opens the database as the server on its folder does, which holds the lock of the folder: makes the database on a
    /// first start, has it checked if the last server was not shut down cleanly, and notes that it is in use, until the
    /// server notes that it was [`Stopped`](LastUse::Stopped).
    ///
    /// # Errors
    /// [`OpenError`], in words for people.
    pub fn open_to_serve(
        options: SqliteOptions,
        held: &DataDirLock,
        clock: Arc<dyn Clock>,
        sink: Arc<dyn EventSink>,
    ) -> Result<Self, OpenError> {
        let path = options.path.clone();
        let note_use = || held.note(LastUse::InUse).map_err(|error| OpenError::unwritable(&path, &error));
        let suspect = held.was_not_stopped(&path);
        // Already before it is opened, which may fold the log: else the next start would not know that it is suspect.
        if detection::database_exists(&path)? {
            note_use()?;
        }
        let options = SqliteOptions { alone: true, own_folder: true, suspect, ..options };
        let storage = Self::open(options, clock, sink)?;
        note_use()?;
        Ok(storage)
    }

    /// Queues a command that may use the SQLite connection.
    ///
    /// # Errors
    /// [`StorageFault::Overloaded`] or [`StorageFault::Unavailable`]. The command did not run.
    pub(super) fn queue(&self, access: Access, work: DbWork) -> Result<PendingCommand, StorageFault> {
        let queue = match access.mode {
            Mode::Read => &self.reads,
            Mode::Write => &self.writes,
        };
        queue.submit(access.caller, work)
    }

    fn start(
        &self,
        workers: &Workers,
        clock: &Arc<dyn Clock>,
        sink: Arc<dyn EventSink>,
    ) -> Result<(), OpenError> {
        let gate = Arc::<Gate>::default();
        let writer = self.writer(clock, sink, &gate)?;
        workers.writer.spawn("sqlite-writer", || writer.serve()).map_err(OpenError::Thread)?;
        for number in 0..self.options.readers {
            let reader = self.reader(clock)?;
            let name = format!("sqlite-read-{number}");
            workers.readers.spawn(&name, || reader.serve()).map_err(OpenError::Thread)?;
        }
        let connection = connection::open(&self.options.path, ConnectionPurpose::Checkpoint)?;
        let mut checkpointer = Checkpointer::new(connection, Arc::clone(&self.checkpoints), gate);
        if !self.options.alone {
            checkpointer.never_restart();
        }
        workers.checkpointer.spawn("sqlite-ckpt", || checkpointer.serve()).map_err(OpenError::Thread)?;
        let maintenance = self.maintenance(clock);
        workers.maintenance.spawn("sqlite-maint", || maintenance.serve()).map_err(OpenError::Thread)
    }

    fn writer(
        &self,
        clock: &Arc<dyn Clock>,
        sink: Arc<dyn EventSink>,
        gate: &Arc<Gate>,
    ) -> Result<Writer, OpenError> {
        let mut connection = self.connect(ConnectionPurpose::Write)?;
        log_state::ensure_epoch(&mut connection, &self.options.path)?;
        // The connection has created the write-ahead log if there was none. SQLite syncs its name with the first commit,
        // but ignores a failure (`unixSync`). A power failure could then remove the log with everything acknowledged.
        sync_folder(&self.options.path).map_err(|error| OpenError::unwritable(&self.options.path, &error))?;
        Ok(Writer {
            connection,
            queue: Arc::clone(&self.writes),
            limits: self.options.batch,
            clock: Arc::clone(clock),
            sink,
            activity: Arc::clone(&self.activity),
            sealer: Arc::clone(&self.sealer),
            gate: Arc::clone(gate),
            checkpoints: Arc::clone(&self.checkpoints),
        })
    }

    fn reader(&self, clock: &Arc<dyn Clock>) -> Result<Reader, OpenError> {
        Ok(Reader {
            connection: self.connect(ConnectionPurpose::Read)?,
            worker_slot: self.reads.worker_slot(),
            timeout: self.options.read_timeout,
            clock: Arc::clone(clock),
            activity: Arc::clone(&self.activity),
            sealer: Arc::clone(&self.sealer),
        })
    }

    fn maintenance(&self, clock: &Arc<dyn Clock>) -> StorageMaintenance {
        StorageMaintenance {
            every: self.options.maintenance_interval,
            queue: Arc::clone(&self.writes),
            clock: Arc::clone(clock),
            activity: Arc::clone(&self.activity),
            stop: Arc::clone(&self.stop_maintenance),
            give_back: Some(give_back_pages),
        }
    }

    fn connect(&self, purpose: ConnectionPurpose) -> Result<SqliteConnection, OpenError> {
        let mut connection = connection::open(&self.options.path, purpose)?;
        if let Some(observer) = &self.options.statement_observer {
            observe(&mut connection, Arc::clone(observer));
        }
        Ok(connection)
    }

    /// Stops the checkpointer, for tests that make their own checkpoints.
    #[cfg(test)]
    pub(super) fn stop_checkpoints(&self) {
        let taken = locked(&self.threads).as_mut().map(|workers| std::mem::take(&mut workers.checkpointer));
        self.checkpoints.stop();
        let ended = taken.expect("not shut down").wait(Instant::now() + Duration::from_secs(60));
        ended.expect("it waits for nothing");
    }

    /// The last steps, after the writer has ended.
    fn checkpoint_and_close(&self) -> Result<(), OpenError> {
        let failed =
            |error: diesel::result::Error| OpenError::from_reason(&self.options.path, &error.to_string());
        let mut connection = connection::open(&self.options.path, ConnectionPurpose::Write)?;
        let uses = self.activity.unstored();
        if !uses.is_empty() {
            let store = |connection: &mut SqliteConnection| {
                maintenance::store_uses(&mut Connection::Sqlite(connection), &uses)
            };
            connection.immediate_transaction(store).map_err(failed)?;
        }
        // While a server uses the file, this would block its writer until its readers are done.
        if self.options.alone { checkpoint::truncate(&mut connection).map_err(failed) } else { Ok(()) }
    }
}

impl Storage for SqliteStorage {
    fn submit(&self, access: Access, work: Work) -> Done {
        match self.queue(access, Box::new(move |tx| work(tx))) {
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
        match self.check.as_ref().map_or(Condition::Sound, StartupCheck::condition) {
            Condition::Damaged => Condition::Damaged,
            _ if !free_space::is_left(&self.options.path) => Condition::NoRoom,
            condition => condition,
        }
    }
}

impl DatabaseStorage for SqliteStorage {
    fn seal_with(&self, sealer: Arc<dyn Sealer>) {
        self.sealer.fill(sealer);
    }

    fn give_room_back(&self) -> Result<(), StorageFault> {
        maintenance::in_steps(&self.writes, give_back_pages, || {
            thread::sleep(maintenance::BETWEEN_STEPS);
            true
        })
    }

    /// Also stores the last uses of keys and, if no other server uses the file, empties the write-ahead log.
    fn shutdown(&self, deadline: Duration) {
        let Some(workers) = locked(&self.threads).take() else { return };
        let until = Instant::now() + deadline;
        self.stop_maintenance.stop();
        self.writes.drain();
        self.reads.drain();
        finish(workers.readers, &self.reads, until);
        finish(workers.writer, &self.writes, until);
        self.checkpoints.stop();
        // They only waited for the writer, so they are about to end.
        for threads in [workers.maintenance, workers.checkpointer] {
            let _ = threads.wait(Instant::now() + GRACE);
        }
        if let Err(error) = self.checkpoint_and_close() {
            tracing::warn!(%error, "the shutdown of the storage was incomplete; the next start will finish it");
        }
    }
}

impl Drop for SqliteStorage {
    fn drop(&mut self) {
        self.shutdown(DROP_DEADLINE);
    }
}

/// Checks a file whose last shutdown was unclean. Waits for the result, but not longer than the options say.
fn look_through(options: &SqliteOptions) -> Result<Option<StartupCheck>, OpenError> {
    if !options.suspect {
        return Ok(None);
    }
    let check = startup_check::begin(&options.path)?;
    match check.wait(options.check_within) {
        Some(finding) if is_broken(&finding) => {
            Err(OpenError::Damaged { path: options.path.clone(), what: finding.detail })
        }
        Some(_) => Ok(Some(check)),
        None => {
            tracing::warn!("the last shutdown was unclean; checking the database while serving requests");
            Ok(Some(check))
        }
    }
}

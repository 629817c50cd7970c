//! One command's transaction on a connection to either database.

use diesel::prelude::*;
use groupchat_domain::accounts::{Actor, KeyHash};
use groupchat_domain::audit::AuditEntry;
use groupchat_domain::events::{Event, LoggedEvent};
use groupchat_domain::for_each_repository;
use groupchat_domain::ids::{EventId, Position, UserId};
use groupchat_domain::secrets::Sealer;
use groupchat_domain::storage::{StorageFault, Tx};
use groupchat_domain::time::Timestamp;

use crate::accounts::key_activity::KeyActivity;
use crate::audit::Recorded;
use crate::connection::{Connection, on_backend};
use crate::events::log::EventBuffer;
#[cfg(feature = "postgres")]
use crate::events::log::{CommandEvents, EventRow};
use crate::fault;
use crate::messages::DamagedMessage;
use crate::schema::storage_probe;
use crate::secrets::SealerSlot;
use crate::time_limit::{self, EndCause};

/// The reason for rejecting an emit in a read command.
const READS_ONLY: &str = "a command that only reads can't emit events";

/// Where a command's events go.
pub(crate) enum Events<'c> {
    /// Nowhere. The command only reads.
    Refused,
    /// To a batch, whose writer alone appends to the log.
    Batch(&'c mut EventBuffer),
    /// To the command's own list.
    #[cfg(feature = "postgres")]
    Own(&'c mut CommandEvents),
}

/// A command's view of the database. Implements every repository on its one connection.
pub(crate) struct DbTx<'c> {
    connection: Connection<'c>,
    now: Timestamp,
    pub(crate) activity: &'c KeyActivity,
    events: Events<'c>,
    has_enqueued: bool,
    failure: Option<TxFailure>,
    /// What encrypts and reads secrets of polls, if the command may need some.
    sealer: Option<&'c SealerSlot>,
    /// What is to be appended to the audit log.
    recorded: Vec<Recorded>,
    /// Messages that were read and don't match their checksums.
    pub(crate) damaged: Vec<DamagedMessage>,
}

/// The failure of a command.
#[derive(Debug, Clone)]
pub(crate) struct TxFailure {
    /// The fault that the caller gets.
    pub(crate) fault: StorageFault,
    /// Whether the command may succeed if it is run again.
    #[cfg_attr(not(feature = "postgres"), expect(dead_code, reason = "SQLite's writer meets no other"))]
    pub(crate) may_be_conflict: bool,
}

impl TxFailure {
    /// The failure of a command that must end. Nothing is wrong with the database, and another run would not do better.
    fn timed_out() -> Self {
        match time_limit::over() {
            Some(EndCause::CallerGone) => tracing::debug!("interrupted a read: its caller is gone"),
            _ => tracing::warn!("interrupted a read: it took longer than storage.read_timeout"),
        }
        Self { fault: StorageFault::TimedOut, may_be_conflict: false }
    }
}

#[cfg(feature = "postgres")]
impl TxFailure {
    /// Interprets the failure of a statement on PostgreSQL.
    pub(crate) fn on_postgres(error: &diesel::result::Error) -> Self {
        Self { fault: fault::postgres_fault(error), may_be_conflict: fault::may_be_conflict(error) }
    }
}

impl<'c> DbTx<'c> {
    /// A transaction that adds its events to `events`. If it only reads, the connection or the transaction is
    /// read-only.
    pub(crate) const fn new(
        connection: Connection<'c>,
        now: Timestamp,
        activity: &'c KeyActivity,
        events: Events<'c>,
    ) -> Self {
        Self {
            connection,
            now,
            activity,
            events,
            has_enqueued: false,
            failure: None,
            sealer: None,
            recorded: Vec::new(),
            damaged: Vec::new(),
        }
    }

    /// The same with what encrypts and reads secrets.
    pub(crate) fn with_sealer(self, sealer: &'c SealerSlot) -> Self {
        Self { sealer: Some(sealer), ..self }
    }

    /// What encrypts and reads secrets.
    pub(crate) fn sealer(&self) -> Option<&'c dyn Sealer> {
        self.sealer.map(|slot| -> &dyn Sealer { slot })
    }

    /// The keys that were used recently.
    pub(crate) const fn activity(&self) -> &'c KeyActivity {
        self.activity
    }

    /// Runs one query; [`on_backend`] writes one for both databases. After a failure, all further queries of the
    /// command fail with the same fault: the database may have rolled back the whole transaction, so nothing more may
    /// reach it.
    pub(crate) fn run<T>(
        &mut self,
        query: impl FnOnce(&mut Connection<'c>) -> QueryResult<T>,
    ) -> Result<T, StorageFault> {
        if let Some(failure) = &self.failure {
            return Err(failure.fault.clone());
        }
        if time_limit::is_over() {
            return Err(self.failure.insert(TxFailure::timed_out()).fault.clone());
        }
        query(&mut self.connection).map_err(|error| {
            // Each database reports an interrupted statement in its own words.
            let failure =
                if time_limit::is_over() { TxFailure::timed_out() } else { self.connection.failure(&error) };
            self.failure.insert(failure).fault.clone()
        })
    }

    /// Runs a query that locks rows until the end of the transaction. Does nothing in a read command, which decides
    /// nothing and may not lock.
    pub(crate) fn lock(
        &mut self,
        query: impl FnOnce(&mut Connection<'c>) -> QueryResult<()>,
    ) -> Result<(), StorageFault> {
        if matches!(self.events, Events::Refused) { Ok(()) } else { self.run(query) }
    }

    /// Records that the command has enqueued a job. The job runner is woken after the commit.
    pub(crate) const fn note_job(&mut self) {
        self.has_enqueued = true;
    }

    /// Whether the command has enqueued a job.
    pub(crate) const fn has_enqueued(&self) -> bool {
        self.has_enqueued
    }

    /// Takes what the command has recorded.
    pub(crate) fn take_recorded(&mut self) -> Vec<Recorded> {
        std::mem::take(&mut self.recorded)
    }

    /// The failure, if there was one.
    pub(crate) fn into_failure(self) -> Option<TxFailure> {
        self.failure
    }

    /// Fails a command that must not emit.
    fn refuse_events(&mut self, reason: &str) -> StorageFault {
        tracing::error!(reason);
        let fault = StorageFault::Internal { reason: reason.to_owned() };
        self.failure.insert(TxFailure { fault, may_be_conflict: false }).fault.clone()
    }
}

impl Connection<'_> {
    /// Interprets the failure of a statement on this connection.
    fn failure(&self, error: &diesel::result::Error) -> TxFailure {
        match self {
            Self::Sqlite(_) => TxFailure { fault: fault::sqlite_fault(error), may_be_conflict: false },
            #[cfg(feature = "postgres")]
            Self::Postgres(_) => TxFailure::on_postgres(error),
        }
    }
}

/// `DbTx` itself implements each repository.
macro_rules! accessors {
    ($($(#[$attribute:meta])* $name:ident: $feature:ident::$port:ident, $mock:ident;)+) => {$(
        fn $name(&mut self) -> &mut dyn groupchat_domain::$feature::$port {
            self
        }
    )+};
}

impl Tx for DbTx<'_> {
    fn now(&self) -> Timestamp {
        self.now
    }

    for_each_repository!(accessors);

    fn next_event_id(&mut self) -> Result<EventId, StorageFault> {
        if let Some(failure) = &self.failure {
            return Err(failure.fault.clone());
        }
        match &mut self.events {
            Events::Refused => Err(self.refuse_events(READS_ONLY)),
            Events::Batch(events) => Ok(events.next_id()),
            #[cfg(feature = "postgres")]
            Events::Own(events) => match &mut self.connection {
                Connection::Postgres(connection) => {
                    let taken = events.next_id(connection);
                    self.run(|_| taken)
                }
                Connection::Sqlite(_) => Err(self.refuse_events(READS_ONLY)),
            },
        }
    }

    fn emit(&mut self, actor: Option<UserId>, event: Event) {
        // After a fault nothing of the command is kept, including its events.
        if self.failure.is_some() {
            return;
        }
        let Some(audience) = event.audience() else {
            drop(self.refuse_events("an event without a subject can't be emitted"));
            return;
        };
        let at = self.now;
        match &mut self.events {
            Events::Refused => drop(self.refuse_events(READS_ONLY)),
            Events::Batch(events) => {
                let id = events.next_id();
                let position = Position::new(id.get());
                events.push(LoggedEvent { position, id, at, audience, actor, event });
            }
            #[cfg(feature = "postgres")]
            Events::Own(events) => events.push(EventRow::new(at, audience, actor, &event)),
        }
    }

    fn record(&mut self, entry: AuditEntry) {
        if matches!(self.events, Events::Refused) {
            drop(self.refuse_events(READS_ONLY));
            return;
        }
        self.recorded.push((self.now, entry));
    }

    fn note_key_use(&mut self, key: &KeyHash, actor: &Actor) {
        self.activity.note(*key, actor, self.now);
    }

    fn touch(&mut self) -> Result<(), StorageFault> {
        let at = self.now.as_micros();
        on_backend!(self, |connection| {
            diesel::update(storage_probe::table).set(storage_probe::at.eq(at)).execute(connection)
        })?;
        Ok(())
    }
}

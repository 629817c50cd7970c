//! One command's transaction on a SQLite connection.

use diesel::prelude::*;
use groupchat_domain::accounts::{AccountRepository, Actor, KeyHash, SessionRepository};
use groupchat_domain::events::{Audience, Event, LoggedEvent};
use groupchat_domain::groups::{GroupRepository, MemberRepository};
use groupchat_domain::ids::{EventId, UserId};
use groupchat_domain::jobs::JobRepository;
use groupchat_domain::messages::MessageRepository;
use groupchat_domain::storage::{StorageFault, Tx};
use groupchat_domain::time::Timestamp;

use super::activity::KeyActivity;
use super::event_log::EventBuffer;
use super::fault::fault;
use super::schema::storage_probe;

/// A command's view of the database. Implements every repository on its one connection.
pub(crate) struct SqliteTx<'c> {
    connection: &'c mut SqliteConnection,
    now: Timestamp,
    activity: &'c KeyActivity,
    /// Where events go; `None` for a command that only reads.
    events: Option<&'c mut EventBuffer>,
    fault: Option<StorageFault>,
}

impl<'c> SqliteTx<'c> {
    /// A transaction that reads. Its connection refuses to write.
    pub(super) fn reading(
        connection: &'c mut SqliteConnection,
        now: Timestamp,
        activity: &'c KeyActivity,
    ) -> Self {
        Self { connection, now, activity, events: None, fault: None }
    }

    /// A transaction that also writes, and adds its events to `events`.
    pub(super) fn writing(
        connection: &'c mut SqliteConnection,
        now: Timestamp,
        activity: &'c KeyActivity,
        events: &'c mut EventBuffer,
    ) -> Self {
        Self { connection, now, activity, events: Some(events), fault: None }
    }

    /// Runs one query. After a failure every further query of the command fails with the same fault: SQLite
    /// may have rolled back the whole transaction, so nothing more may reach it.
    pub(crate) fn run<T>(
        &mut self,
        query: impl FnOnce(&mut SqliteConnection) -> QueryResult<T>,
    ) -> Result<T, StorageFault> {
        if let Some(fault) = &self.fault {
            return Err(fault.clone());
        }
        query(self.connection).map_err(|error| self.fail(fault(&error)))
    }

    /// What went wrong, if anything did.
    pub(super) fn into_fault(self) -> Option<StorageFault> {
        self.fault
    }

    fn fail(&mut self, fault: StorageFault) -> StorageFault {
        self.fault = Some(fault.clone());
        fault
    }

    /// The place for events, unless the command has failed or may not have any.
    fn open_events(&mut self) -> Result<&mut EventBuffer, StorageFault> {
        if let Some(fault) = &self.fault {
            return Err(fault.clone());
        }
        match &mut self.events {
            Some(events) => Ok(events),
            None => {
                let reason = "a command that only reads can't emit events".to_owned();
                tracing::error!(reason);
                Err(self.fault.insert(StorageFault::Internal { reason }).clone())
            }
        }
    }
}

impl Tx for SqliteTx<'_> {
    fn now(&self) -> Timestamp {
        self.now
    }

    fn accounts(&mut self) -> &mut dyn AccountRepository {
        self
    }

    fn sessions(&mut self) -> &mut dyn SessionRepository {
        self
    }

    fn groups(&mut self) -> &mut dyn GroupRepository {
        self
    }

    fn members(&mut self) -> &mut dyn MemberRepository {
        self
    }

    fn messages(&mut self) -> &mut dyn MessageRepository {
        self
    }

    fn jobs(&mut self) -> &mut dyn JobRepository {
        self
    }

    fn next_event_id(&mut self) -> Result<EventId, StorageFault> {
        Ok(self.open_events()?.next_id())
    }

    fn emit(&mut self, to: Audience, actor: Option<UserId>, event: Event) {
        let at = self.now;
        // After a fault nothing of the command is kept, its events neither.
        if let Ok(events) = self.open_events() {
            let id = events.next_id();
            events.push(LoggedEvent { id, at, audience: to, actor, event });
        }
    }

    fn note_key_use(&mut self, key: &KeyHash, actor: &Actor) {
        self.activity.note(*key, actor, self.now);
    }

    fn touch(&mut self) -> Result<(), StorageFault> {
        let at = self.now.as_micros();
        self.run(|connection| {
            diesel::update(storage_probe::table).set(storage_probe::at.eq(at)).execute(connection)
        })?;
        Ok(())
    }
}

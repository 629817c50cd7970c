//! Runs commands on the model.

use std::future::ready;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use groupchat_domain::accounts::KeyHash;
use groupchat_domain::events::{Epoch, EventRecord, LoggedEvent};
use groupchat_domain::ids::{Position, SessionId, UserId};
use groupchat_domain::storage::{
    Access, CommitDecision, Done, EventSink, Mode, Storage, StorageFault, Tx, Work,
};
use groupchat_domain::time::{Clock, Timestamp};

use crate::model::state::State;
use crate::model::table::Undo;
use crate::model::tx::ModelTx;

/// A command that was run.
#[derive(Debug)]
pub struct Executed {
    /// How it is settled.
    pub outcome: Result<(), StorageFault>,
    /// What it emitted, if it was committed. Without positions, if those come later.
    pub events: Vec<LoggedEvent>,
    /// Whether it was committed and has enqueued a job.
    pub has_enqueued: bool,
}

/// A database in memory, which any number of storages may share. Clones are the same database.
#[derive(Debug, Clone)]
pub struct ModelDatabase(Arc<Mutex<State>>);

impl ModelDatabase {
    /// An empty database, whose log has this epoch.
    pub fn new(epoch: Epoch) -> Self {
        Self(Arc::new(Mutex::new(State::new(epoch))))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs a command at this time, and commits or undoes it. Its events get their positions at once.
    pub fn execute(&self, mode: Mode, now: Timestamp, work: &Work) -> Executed {
        let mut executed = self.execute_unnumbered(mode, now, work);
        executed.events = self.number(usize::MAX);
        executed
    }

    /// The same, but [`number`](Self::number) gives the events their positions later.
    pub fn execute_unnumbered(&self, mode: Mode, now: Timestamp, work: &Work) -> Executed {
        let mut state = self.state();
        let mut tx = ModelTx::new(&mut state, mode, now);
        let decision = catch_unwind(AssertUnwindSafe(|| work(&mut tx)));
        let outcome = tx.into_outcome();
        let (outcome, kept) = match (decision, outcome) {
            (Err(_), _) => (Err(StorageFault::Panicked), None),
            (Ok(_), Err(fault)) => (Err(fault), None),
            (Ok(CommitDecision::RollBack), Ok(_)) => (Ok(()), None),
            (Ok(CommitDecision::Commit), Ok(kept)) => (Ok(()), Some(kept)),
        };
        let Some((events, has_enqueued)) = kept else {
            state.tables.undo();
            return Executed { outcome, events: Vec::new(), has_enqueued: false };
        };
        for _ in &events {
            state.tables.event_ids.take();
        }
        state.tables.keep();
        state.unnumbered.extend(events.iter().cloned());
        Executed { outcome, events, has_enqueued }
    }

    /// Runs a command and undoes it, as a database does that runs it again after a conflict.
    pub fn run_in_vain(&self, mode: Mode, now: Timestamp, work: &Work) {
        let mut state = self.state();
        work(&mut ModelTx::new(&mut state, mode, now));
        state.tables.undo();
    }

    /// Gives up to `limit` committed events their positions; these events.
    pub fn number(&self, limit: usize) -> Vec<LoggedEvent> {
        let mut state = self.state();
        let count = limit.min(state.unnumbered.len());
        let mut events: Vec<_> = state.unnumbered.drain(..count).collect();
        for event in &mut events {
            state.head = state.head.next();
            event.position = state.head;
            let record = record(event);
            state.tables.log.put(event.position, record);
        }
        state.tables.keep();
        events
    }

    /// Never gives out the next so many ids of events, as PostgreSQL doesn't after a command was undone or the database
    /// was restored. From then on, the id of an event is not its position.
    pub fn skip_event_ids(&self, count: u32) {
        let mut state = self.state();
        state.tables.event_ids.skip(count.into());
        state.tables.keep();
    }

    /// How many committed events have no position yet.
    pub fn unnumbered(&self) -> usize {
        self.state().unnumbered.len()
    }

    /// The last position that was given out.
    pub fn head(&self) -> Position {
        self.state().head
    }

    /// Replaces the log's epoch, as a restore or a move to another database does.
    pub fn set_epoch(&self, epoch: Epoch) {
        self.state().epoch = epoch;
    }

    /// Looks at the database as it is, in a transaction that only reads.
    pub fn inspect<T>(&self, now: Timestamp, look: impl FnOnce(&mut dyn Tx) -> T) -> T {
        look(&mut ModelTx::new(&mut self.state(), Mode::Read, now))
    }

    /// The session of a key, valid or not.
    pub fn session_of(&self, key: &KeyHash) -> Option<SessionId> {
        self.state().tables.session_of(key)
    }

    /// Whether a session is there, expired or not.
    pub fn has_session(&self, session: SessionId) -> bool {
        self.state().tables.sessions.contains(&session)
    }

    /// Whose key this is, valid or not.
    pub fn holder(&self, key: &KeyHash) -> Option<UserId> {
        let state = self.state();
        let session = state.tables.session_of(key)?;
        state.tables.sessions.get(&session).map(|row| row.session.user)
    }
}

fn record(event: &LoggedEvent) -> EventRecord {
    let LoggedEvent { position, id, at, audience, actor, ref event } = *event;
    EventRecord { position, id, at, actor, audience, event_type: event.event_type(), subject: event.ids() }
}

/// A storage on the model that runs each command at once.
pub struct ModelStorage {
    database: ModelDatabase,
    clock: Arc<dyn Clock>,
    sink: Arc<dyn EventSink>,
}

impl ModelStorage {
    /// A storage that takes the time from this clock, and tells `sink` what was committed.
    pub const fn new(database: ModelDatabase, clock: Arc<dyn Clock>, sink: Arc<dyn EventSink>) -> Self {
        Self { database, clock, sink }
    }
}

impl Storage for ModelStorage {
    fn submit(&self, access: Access, work: Work) -> Done {
        let Executed { outcome, events, has_enqueued } =
            self.database.execute(access.mode, self.clock.now(), &work);
        if !events.is_empty() {
            self.sink.publish(&events);
        }
        if has_enqueued {
            self.sink.jobs_enqueued();
        }
        Box::pin(ready(outcome))
    }

    fn knows_key(&self, key: &KeyHash) -> bool {
        self.database.holder(key).is_some()
    }

    fn holder(&self, key: &KeyHash) -> Option<UserId> {
        self.database.holder(key)
    }
}

/// Takes committed events and does nothing with them.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoSink;

impl EventSink for NoSink {
    fn publish(&self, _: &[LoggedEvent]) {}
}

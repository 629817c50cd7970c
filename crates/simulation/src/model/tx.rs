//! A command's view of the database.

use std::collections::BTreeSet;

use groupchat_domain::accounts::{Actor, KeyHash};
use groupchat_domain::audit::AuditEntry;
use groupchat_domain::events::{Event, LoggedEvent};
use groupchat_domain::for_each_repository;
use groupchat_domain::ids::{EventId, Position, UserId};
use groupchat_domain::storage::{Mode, StorageFault, Tx};
use groupchat_domain::time::Timestamp;

use crate::model::key_use::note_use;
use crate::model::state::{State, Tables};

/// A transaction of the model. It is each of the repositories itself.
pub(crate) struct ModelTx<'s> {
    pub(super) state: &'s mut State,
    now: Timestamp,
    mode: Mode,
    fault: Option<StorageFault>,
    pub(super) emitted: Vec<LoggedEvent>,
    pub(super) has_enqueued: bool,
}

impl<'s> ModelTx<'s> {
    pub(super) const fn new(state: &'s mut State, mode: Mode, now: Timestamp) -> Self {
        Self { state, now, mode, fault: None, emitted: Vec::new(), has_enqueued: false }
    }

    /// The tables, to read.
    pub(crate) fn read(&self) -> Result<&Tables, StorageFault> {
        match &self.fault {
            Some(fault) => Err(fault.clone()),
            None => Ok(&self.state.tables),
        }
    }

    /// The tables, to write.
    pub(crate) fn write(&mut self) -> Result<&mut Tables, StorageFault> {
        if self.mode == Mode::Read {
            return Err(self.fail("a command that only reads can't write"));
        }
        match &self.fault {
            Some(fault) => Err(fault.clone()),
            None => Ok(&mut self.state.tables),
        }
    }

    /// Ends the transaction: every later call fails likewise.
    pub(crate) fn fail(&mut self, reason: &str) -> StorageFault {
        self.fault.get_or_insert_with(|| StorageFault::Internal { reason: reason.to_owned() }).clone()
    }

    pub(super) fn into_outcome(self) -> Result<(Vec<LoggedEvent>, bool), StorageFault> {
        self.fault.map_or(Ok((self.emitted, self.has_enqueued)), Err)
    }

    fn next_id(&self) -> EventId {
        let before = self.emitted.iter().map(|event| event.id).next_back();
        before.unwrap_or_else(|| EventId::new(self.state.tables.event_ids.last())).next()
    }
}

macro_rules! accessors {
    ($($(#[$attribute:meta])* $name:ident: $feature:ident::$port:ident, $mock:ident;)+) => {$(
        fn $name(&mut self) -> &mut dyn groupchat_domain::$feature::$port {
            self
        }
    )+};
}

impl Tx for ModelTx<'_> {
    fn now(&self) -> Timestamp {
        self.now
    }

    for_each_repository!(accessors);

    fn next_event_id(&mut self) -> Result<EventId, StorageFault> {
        self.write()?;
        Ok(self.next_id())
    }

    fn emit(&mut self, actor: Option<UserId>, event: Event) {
        if self.write().is_err() {
            return;
        }
        let Some(audience) = event.audience() else {
            self.fail("an event without a subject can't be emitted");
            return;
        };
        // The position follows when the event is numbered.
        let (id, position) = (self.next_id(), Position::ZERO);
        self.emitted.push(LoggedEvent { position, id, at: self.now, audience, actor, event });
    }

    fn record(&mut self, entry: AuditEntry) {
        let now = self.now;
        if let Ok(tables) = self.write() {
            let seq = tables.audit_seqs.take();
            tables.audit.put(seq, (now, entry));
        }
    }

    fn note_key_use(&mut self, _: &KeyHash, actor: &Actor) {
        note_use(&mut self.state.key_uses, actor.session, self.now);
    }

    fn touch(&mut self) -> Result<(), StorageFault> {
        self.write().map(drop)
    }
}

/// What is asked for, each once, however often it is named.
pub(super) fn each_once<T: Ord + Copy>(asked: &[T]) -> impl Iterator<Item = T> + use<T> {
    BTreeSet::from_iter(asked.iter().copied()).into_iter()
}

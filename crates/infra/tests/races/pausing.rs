//! A storage whose commands dawdle between their statements, so that commands that overlap really meet.

use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use groupchat_domain::accounts::{Actor, KeyHash};
use groupchat_domain::audit::AuditEntry;
use groupchat_domain::events::Event;
use groupchat_domain::for_each_repository;
use groupchat_domain::ids::{EventId, UserId};
use groupchat_domain::storage::{Access, Done, Storage, StorageFault, Tx, Work};
use groupchat_domain::time::Timestamp;
use groupchat_testing::Dice;

/// Runs commands on another storage, some of them with pauses of random lengths before their statements.
pub(crate) struct PausingStorage {
    inner: Arc<dyn Storage>,
    dice: Mutex<Dice>,
}

impl PausingStorage {
    pub(crate) fn new(inner: Arc<dyn Storage>, dice: Dice) -> Self {
        Self { inner, dice: Mutex::new(dice) }
    }
}

impl Storage for PausingStorage {
    fn inner(&self) -> Option<&dyn Storage> {
        Some(&*self.inner)
    }

    fn submit(&self, access: Access, work: Work) -> Done {
        let mut dice = self.dice.lock().unwrap_or_else(PoisonError::into_inner).split();
        // Half of the commands don't pause, a quarter about as long as a statement takes, and a quarter so long that
        // whole commands of the others pass by between two statements.
        let longest = [0, 0, 200, 2_500][dice.below(4)];
        self.inner
            .submit(access, Box::new(move |tx| work(&mut PausingTx { tx, longest, dice: dice.clone() })))
    }
}

struct PausingTx<'t> {
    tx: &'t mut dyn Tx,
    /// The longest pause, in microseconds.
    longest: usize,
    dice: Dice,
}

impl PausingTx<'_> {
    /// The transaction, after a pause.
    fn pause(&mut self) -> &mut dyn Tx {
        if self.longest > 0 {
            let micros = u64::try_from(self.dice.below(self.longest)).expect("a few thousand");
            thread::sleep(Duration::from_micros(micros));
        }
        self.tx
    }
}

macro_rules! accessors {
    ($($(#[$attribute:meta])* $name:ident: $feature:ident::$port:ident, $mock:ident;)+) => {$(
        fn $name(&mut self) -> &mut dyn groupchat_domain::$feature::$port {
            self.pause().$name()
        }
    )+};
}

impl Tx for PausingTx<'_> {
    fn now(&self) -> Timestamp {
        self.tx.now()
    }

    for_each_repository!(accessors);

    fn next_event_id(&mut self) -> Result<EventId, StorageFault> {
        self.pause().next_event_id()
    }

    fn emit(&mut self, actor: Option<UserId>, event: Event) {
        self.pause().emit(actor, event);
    }

    fn record(&mut self, entry: AuditEntry) {
        self.tx.record(entry);
    }

    fn note_key_use(&mut self, key: &KeyHash, actor: &Actor) {
        self.tx.note_key_use(key, actor);
    }

    fn touch(&mut self) -> Result<(), StorageFault> {
        self.pause().touch()
    }
}

//! The storage of a simulated server: commands wait until the simulation runs them, in any order.

use std::collections::VecDeque;
use std::future::{poll_fn, ready};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::Duration;

use groupchat_domain::accounts::KeyHash;
use groupchat_domain::ids::UserId;
use groupchat_domain::storage::{Access, Done, Mode, Storage, StorageFault, Work};

use crate::model::ModelDatabase;

/// How many commands may wait.
const CAPACITY: usize = 6;

/// When to come back with a command that found no room.
const RETRY_AFTER: Duration = Duration::from_millis(100);

/// How a command was settled, once it was, and the last event that was committed by then.
type Slot = Arc<Mutex<Option<(Result<(), StorageFault>, i64)>>>;

/// When the command ran whose outcome was told last: the last event that was committed by then. All is on one thread,
/// so whoever was told just now reads when their own command ran.
#[derive(Debug, Clone, Default)]
pub(super) struct Moment(Arc<AtomicI64>);

impl Moment {
    pub(super) fn get(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }

    fn set(&self, last: i64) {
        self.0.store(last, Ordering::Relaxed);
    }
}

/// A command that waits.
pub(super) struct Pending {
    pub(super) access: Access,
    pub(super) work: Work,
    slot: Slot,
}

impl Pending {
    /// Whether nobody waits for it any more.
    fn is_cancelled(&self) -> bool {
        Arc::strong_count(&self.slot) == 1
    }

    /// Tells whoever waits for it how it was settled, and after which event.
    pub(super) fn settle(self, outcome: Result<(), StorageFault>, last: i64) {
        *self.slot.lock().unwrap_or_else(PoisonError::into_inner) = Some((outcome, last));
    }
}

/// The storage of one server.
pub(super) struct ServerStorage {
    database: ModelDatabase,
    queue: Mutex<VecDeque<Pending>>,
    moment: Moment,
}

impl ServerStorage {
    pub(super) fn new(database: ModelDatabase, moment: Moment) -> Self {
        Self { database, queue: Mutex::default(), moment }
    }

    fn queue(&self) -> MutexGuard<'_, VecDeque<Pending>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes out a command: the one with this number, if so many wait. A cancelled one is dropped instead.
    pub(super) fn take(&self, nth: usize) -> Option<Pending> {
        let mut queue = self.queue();
        let nth = if queue.is_empty() { 0 } else { nth % queue.len() };
        queue.remove(nth).filter(|pending| !pending.is_cancelled())
    }

    /// Takes out the first command that writes.
    pub(super) fn take_write(&self) -> Option<Pending> {
        let mut queue = self.queue();
        let writes = |pending: &Pending| pending.access.mode == Mode::Write && !pending.is_cancelled();
        let first = queue.iter().position(writes)?;
        queue.remove(first)
    }

    /// How many commands wait.
    pub(super) fn waiting(&self) -> usize {
        self.queue().len()
    }

    /// The server is gone, and what waits with it.
    pub(super) fn crash(&self) {
        self.queue().clear();
    }
}

impl Storage for ServerStorage {
    fn submit(&self, access: Access, work: Work) -> Done {
        let mut queue = self.queue();
        if queue.len() >= CAPACITY {
            return Box::pin(ready(Err(StorageFault::Overloaded { retry_after: RETRY_AFTER })));
        }
        let (slot, moment) = (Slot::default(), self.moment.clone());
        queue.push_back(Pending { access, work, slot: Arc::clone(&slot) });
        Box::pin(poll_fn(move |_| {
            let settled = slot.lock().unwrap_or_else(PoisonError::into_inner).take();
            settled.map_or(Poll::Pending, |(outcome, last)| {
                moment.set(last);
                Poll::Ready(outcome)
            })
        }))
    }

    /// Some keys are forgotten, and looked up again first.
    fn knows_key(&self, key: &KeyHash) -> bool {
        !key.as_bytes()[3].is_multiple_of(4) && self.database.holder(key).is_some()
    }

    fn holder(&self, key: &KeyHash) -> Option<UserId> {
        self.database.holder(key)
    }
}

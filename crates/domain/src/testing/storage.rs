//! A storage that follows a script, and a way to wait for what is ready anyway.

use std::collections::VecDeque;
use std::future::ready;
use std::pin::pin;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Waker};

use crate::accounts::KeyHash;
use crate::audit::AuditEntry;
use crate::ids::UserId;
use crate::storage::{Access, CommitDecision, Condition, Done, Storage, StorageFault, Work};
use crate::testing::entities::ME;
use crate::testing::tx::{Emitted, MockTx};

/// What the storage does with one command.
pub(crate) struct Step {
    /// Runs the command on each of these: not at all, once, or again as after a deadlock.
    pub(crate) transactions: Vec<MockTx>,
    /// How it is settled then.
    pub(crate) answer: Result<(), StorageFault>,
}

impl Step {
    /// Does not run the command.
    pub(crate) fn refused(fault: StorageFault) -> Self {
        Self { transactions: Vec::new(), answer: Err(fault) }
    }
}

impl From<MockTx> for Step {
    fn from(tx: MockTx) -> Self {
        Self { transactions: vec![tx], answer: Ok(()) }
    }
}

/// A command that was submitted, and what came of it.
#[derive(Debug)]
pub(crate) struct Ran {
    /// How it wanted to be run.
    pub(crate) access: Access,
    /// How it ended, each time that it was run.
    pub(crate) decisions: Vec<CommitDecision>,
    /// What it emitted.
    pub(crate) emitted: Vec<Emitted>,
    /// What it recorded in the audit log.
    pub(crate) recorded: Vec<AuditEntry>,
    /// The keys whose use it noted, and whose they are.
    pub(crate) noted: Vec<(KeyHash, UserId)>,
    /// Whether it stored something that nobody reads.
    pub(crate) touched: bool,
}

/// A storage that runs each command at once, on the transactions of the next step of its script.
pub(crate) struct ScriptedStorage {
    script: Mutex<VecDeque<Step>>,
    ran: Mutex<Vec<Ran>>,
    /// Whether the key was seen recently; it is after a command that noted its use.
    knows_keys: AtomicBool,
    condition: Condition,
}

impl ScriptedStorage {
    /// A storage that runs one command on each of these.
    pub(crate) fn new(transactions: impl IntoIterator<Item = MockTx>) -> Self {
        Self::of(transactions.into_iter().map(Step::from))
    }

    /// A storage with any script.
    pub(crate) fn of(steps: impl IntoIterator<Item = Step>) -> Self {
        let script = Mutex::new(steps.into_iter().collect());
        Self { script, ran: Mutex::default(), knows_keys: AtomicBool::new(true), condition: Condition::Sound }
    }

    /// The same, but no key was seen recently.
    pub(crate) fn without_known_keys(self) -> Self {
        Self { knows_keys: AtomicBool::new(false), ..self }
    }

    /// The same, in another condition.
    pub(crate) fn in_condition(self, condition: Condition) -> Self {
        Self { condition, ..self }
    }

    /// Checks that the whole script was used, and says what ran.
    pub(crate) fn finish(self) -> Vec<Ran> {
        let left = self.script.into_inner().unwrap();
        assert!(left.is_empty(), "{} commands were not submitted", left.len());
        self.ran.into_inner().unwrap()
    }

    /// [`finish`](Self::finish) where the number of commands is known.
    pub(crate) fn finish_as<const N: usize>(self) -> [Ran; N] {
        self.finish().try_into().unwrap()
    }
}

impl Storage for ScriptedStorage {
    fn submit(&self, access: Access, work: Work) -> Done {
        let step = self.script.lock().unwrap().pop_front();
        let step = step.unwrap_or_else(|| panic!("a command too many: {access:?}"));
        let mut ran = Ran {
            access,
            decisions: Vec::new(),
            emitted: Vec::new(),
            recorded: Vec::new(),
            noted: Vec::new(),
            touched: false,
        };
        for mut tx in step.transactions {
            ran.decisions.push(work(&mut tx));
            ran.emitted.append(&mut tx.emitted);
            ran.recorded.append(&mut tx.recorded);
            ran.noted.append(&mut tx.noted);
            ran.touched |= tx.touched;
        }
        self.knows_keys.fetch_or(!ran.noted.is_empty(), Ordering::Relaxed);
        self.ran.lock().unwrap().push(ran);
        Box::pin(ready(step.answer))
    }

    fn knows_key(&self, _key: &KeyHash) -> bool {
        self.knows_keys.load(Ordering::Relaxed)
    }

    fn holder(&self, key: &KeyHash) -> Option<UserId> {
        self.knows_key(key).then_some(ME)
    }

    fn condition(&self) -> Condition {
        self.condition
    }
}

/// The result of a future that waits for nothing, as those over a scripted storage.
pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(result) => result,
        Poll::Pending => panic!("a port of this test was not ready"),
    }
}

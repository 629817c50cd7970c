//! The port to the database: commands that run inside a transaction, and who runs them.
//!
//! A use-case is a synchronous function over [`Tx`]. It never begins, commits or rolls back: whoever
//! implements [`Storage`] commits on [`Verdict::Commit`] and undoes everything on [`Verdict::RollBack`].
//! So a use-case can't forget to commit, and what it emits is published only if it was stored.

mod claim;
pub(crate) mod repositories;
mod unique;
mod writing;

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use crate::accounts::{Actor, KeyHash};
use crate::error::Error;
use crate::events::{Audience, Event, LoggedEvent};
use crate::for_each_repository;
use crate::ids::{EventId, UserId};
use crate::network::Network;
use crate::time::Timestamp;

pub use crate::error::StorageFault;
pub use claim::{Claim, Credential, OpenSession};
pub use unique::Unique;
pub use writing::{DiskSpace, Purpose, WriteLimiter, Writing};

/// A future that a port returns; no runtime is named.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

macro_rules! accessors {
    ($($(#[$attribute:meta])* $name:ident: $feature:ident::$port:ident, $mock:ident;)+) => {$(
        $(#[$attribute])*
        fn $name(&mut self) -> &mut dyn $crate::$feature::$port;
    )+};
}

/// One transaction, as a use-case sees it.
///
/// After a [`StorageFault`] every further call fails with the same fault: the transaction is beyond saving,
/// and the implementation undoes it whatever the use-case returns.
pub trait Tx {
    /// The present time: taken once when the command begins to run, not when it was queued.
    fn now(&self) -> Timestamp;
    for_each_repository!(accessors);

    /// The id that the next [`emit`](Self::emit) of this command will get. Call it under the lock of the
    /// group that the event is about.
    ///
    /// # Errors
    /// A storage fault.
    fn next_event_id(&mut self) -> Result<EventId, StorageFault>;

    /// Adds an event to the log, in the order of the calls, after all else that the command stores. It is
    /// published if and only if the command commits.
    fn emit(&mut self, to: Audience, actor: Option<UserId>, event: Event);

    /// Remembers, outside the transaction, that this key was valid just now: for the time of its last use,
    /// and so that its next write needs no look on a reader first.
    fn note_key_use(&mut self, key: &KeyHash, actor: &Actor);

    /// Stores something that nobody reads, so that the commit has to reach the disk: a proof that the storage
    /// takes writes.
    ///
    /// # Errors
    /// A storage fault.
    fn touch(&mut self) -> Result<(), StorageFault>;
}

/// How a command ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Keep what was stored.
    Commit,
    /// Undo it.
    RollBack,
}

/// What runs inside a transaction. `Fn`, since it can be run again from the start when the database asks
/// for it; so it must have no effect but through its [`Tx`] and on its own result.
pub type Work = Box<dyn Fn(&mut dyn Tx) -> Verdict + Send>;

/// Resolves once the command's outcome is settled: `Ok` after the commit (or the roll-back that the
/// command's verdict asked for). Dropping it before the command began to run cancels the command.
pub type Done = BoxFuture<'static, Result<(), StorageFault>>;

/// Whether a command only reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Reads from one snapshot; writing is a fault.
    Read,
    /// Reads and writes, one after the other with all other writes that it could conflict with.
    Write,
}

/// On whose behalf a command runs, for fairness: each gets its turn, and none may fill the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Caller {
    /// A user, whichever of their keys they show.
    User(UserId),
    /// Somebody not signed in, or with a key of which nobody knows yet whose it is.
    Network(Network),
    /// The server itself.
    System,
}

/// How a command wants to be run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Access {
    /// Whether it writes.
    pub mode: Mode,
    /// Whose it is.
    pub caller: Caller,
}

/// Runs commands.
///
/// A storage that wraps another one implements [`inner`](Self::inner) and [`submit`](Self::submit); whatever else it
/// doesn't implement itself is asked of the one inside.
pub trait Storage: Send + Sync {
    /// The storage that this one wraps, if it wraps any.
    fn inner(&self) -> Option<&dyn Storage> {
        None
    }

    /// Queues `work`. MUST answer [`StorageFault::Overloaded`] at once when the queue, or the caller's share
    /// of it, is full. MUST resolve with `Ok` only after the work's verdict is durable, and MUST hand events
    /// to the [`EventSink`] only for work that was committed. A panic in `work` MUST resolve with
    /// [`StorageFault::Panicked`] and harm no other command.
    fn submit(&self, access: Access, work: Work) -> Done;

    /// Whether this key was found valid lately. A "no" is always safe: the key is then checked on a reader
    /// first, so that keys that were never valid don't occupy the writer.
    fn knows_key(&self, key: &KeyHash) -> bool {
        self.inner().is_some_and(|inner| inner.knows_key(key))
    }

    /// Whose key this is, as far as is known without asking the database. For logs, and to tell whose turn it
    /// is: the key may have been revoked since, and not knowing is always safe.
    fn holder(&self, key: &KeyHash) -> Option<UserId> {
        self.inner()?.holder(key)
    }

    /// How what is stored is, beyond whether commands work just now.
    fn condition(&self) -> Condition {
        self.inner().map_or(Condition::Sound, Storage::condition)
    }

    /// What paces the writes of users, if anything does. Asked once for each, before it is queued.
    fn write_limiter(&self) -> Option<&dyn WriteLimiter> {
        self.inner()?.write_limiter()
    }

    /// What knows how full the disk is, if anything does.
    fn disk_space(&self) -> Option<&dyn DiskSpace> {
        self.inner()?.disk_space()
    }
}

/// How what is stored is, as far as the storage has looked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    /// There is no reason to doubt that it is whole.
    Sound,
    /// There is, since the last stop was not clean, and it is being checked.
    Checking,
    /// It is damaged: answers may be wrong, and what is written may be lost.
    Damaged,
    /// There is so little room left that writes are about to fail.
    NoRoom,
}

/// Takes events that were committed.
pub trait EventSink: Send + Sync {
    /// Called in the order of positions, after the commit. MUST NOT block.
    fn committed(&self, events: &[LoggedEvent]);
}

impl dyn Storage + '_ {
    /// Runs `work` in a transaction of its own and returns its result once that is settled. An `Err` rolls
    /// back.
    ///
    /// # Errors
    /// What `work` refuses, or a fault.
    pub async fn run<T: Send + 'static>(
        &self,
        access: Access,
        work: impl Fn(&mut dyn Tx) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let slot = Arc::new(Mutex::new(None));
        let result = Arc::clone(&slot);
        let work = move |tx: &mut dyn Tx| {
            let outcome = work(tx);
            let verdict = if outcome.is_ok() { Verdict::Commit } else { Verdict::RollBack };
            *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(outcome);
            verdict
        };
        self.submit(access, Box::new(work)).await?;
        let outcome = result.lock().unwrap_or_else(PoisonError::into_inner).take();
        outcome.unwrap_or_else(|| {
            Err(StorageFault::Internal { reason: "the command was settled without having run".into() }.into())
        })
    }
}

#[cfg(test)]
mod tests;

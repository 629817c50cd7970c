//! The port to the database: commands that run inside a transaction, and the executor that runs them.
//!
//! A use case is a synchronous function over [`Tx`]. It never begins, commits or rolls back: the implementation of
//! [`Storage`] commits on [`CommitDecision::Commit`] and undoes everything on [`CommitDecision::RollBack`].
//! So a use case can't forget to commit, and its events are published only if they were stored.

mod principal;
pub(crate) mod repositories;
mod run_as;
mod unique;
mod writing;

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use crate::accounts::{Actor, FactorPolicy, KeyHash};
use crate::audit::AuditEntry;
use crate::error::Error;
use crate::events::{Event, LoggedEvent};
use crate::for_each_repository;
use crate::ids::{EventId, UserId};
use crate::network::Network;
use crate::time::Timestamp;

pub use crate::error::StorageFault;
pub use principal::{Asking, Credential, OpenSession, Principal};
pub use unique::Unique;
pub use writing::{DiskSpace, WriteLimiter, WritePurpose, Writing};

/// A future that a port returns, independent of any runtime.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

macro_rules! accessors {
    ($($(#[$attribute:meta])* $name:ident: $feature:ident::$port:ident, $mock:ident;)+) => {$(
        $(#[$attribute])*
        fn $name(&mut self) -> &mut dyn $crate::$feature::$port;
    )+};
}

/// One transaction, as a use case sees it.
///
/// After a [`StorageFault`], every further call fails with the same fault: the transaction can't be saved,
/// and the implementation undoes it whatever the use case returns.
///
/// # Errors
/// Every method that returns a `Result` returns a [`StorageFault`] if the database fails.
pub trait Tx {
    /// The current time, taken once when the command starts to run, not when it was queued.
    fn now(&self) -> Timestamp;
    for_each_repository!(accessors);

    /// The id that the next [`emit`](Self::emit) of this command will get. Call it under the lock of the
    /// group that the event is about.
    fn next_event_id(&mut self) -> Result<EventId, StorageFault>;

    /// Appends an event to the log, for its [`audience`](Event::audience), in the order of the calls, after everything
    /// else that the command stores. The event is published if and only if the command commits. `actor` is `None` for
    /// the server itself.
    fn emit(&mut self, actor: Option<UserId>, event: Event);

    /// Appends an entry to the audit log, in the order of the calls, after everything else that the command stores. It is
    /// stored if and only if the command commits.
    fn record(&mut self, entry: AuditEntry);

    /// Records, outside the transaction, that this key is valid now. This updates the time of its last use, and its
    /// next write needs no check on a reader first.
    fn note_key_use(&mut self, key: &KeyHash, actor: &Actor);

    /// Stores a value that nobody reads, so that the commit has to reach the disk. This proves that the storage
    /// accepts writes.
    fn touch(&mut self) -> Result<(), StorageFault>;
}

/// Whether a command's work is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CommitDecision {
    /// Keep what was stored.
    Commit,
    /// Undo it.
    RollBack,
}

/// What runs inside a transaction. It is `Fn`, because the database can require running it again from the start. So it
/// must have no effects other than through its [`Tx`] and on its own result.
pub type Work = Box<dyn Fn(&mut dyn Tx) -> CommitDecision + Send>;

/// Resolves once the command's outcome is settled: `Ok` after the commit (or the rollback that the
/// command's decision asked for). Dropping it before the command starts cancels the command.
pub type Done = BoxFuture<'static, Result<(), StorageFault>>;

/// Whether a command only reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Reads from one snapshot; writing is a fault.
    Read,
    /// Reads and writes, serialized with all other writes that it could conflict with.
    Write,
}

/// On whose behalf a command runs. For fairness, each caller gets its turn, and none can fill the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Caller {
    /// A user, with any of their keys.
    User(UserId),
    /// A caller without a key, or with a key whose user is not known yet.
    Network(Network),
    /// The server itself.
    System,
}

/// How to run a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Access {
    /// Whether it writes.
    pub mode: Mode,
    /// On whose behalf it runs.
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

    /// Queues `work`. MUST return [`StorageFault::Overloaded`] at once if the queue, or the caller's share
    /// of it, is full. MUST resolve with `Ok` only after the work's decision is durable, and MUST publish events
    /// to the [`EventSink`] only if the work was committed. A panic in `work` MUST resolve with
    /// [`StorageFault::Panicked`] and MUST NOT affect other commands.
    fn submit(&self, access: Access, work: Work) -> Done;

    /// Whether this key was found to be valid recently. `false` is always safe: the key is then checked on a reader
    /// first, so that keys that were never valid don't occupy the writer.
    fn knows_key(&self, key: &KeyHash) -> bool {
        self.inner().is_some_and(|inner| inner.knows_key(key))
    }

    /// The user of this key, as far as is known without asking the database. For logs and for fairness only, because
    /// the key may have been revoked since. `None` is always safe.
    fn holder(&self, key: &KeyHash) -> Option<UserId> {
        self.inner()?.holder(key)
    }

    /// The condition of the stored data, beyond whether commands work at the moment.
    fn condition(&self) -> Condition {
        self.inner().map_or(Condition::Sound, Storage::condition)
    }

    /// The rate limiter for writes of users, if there is one. Asked once for each write, before it is queued.
    fn write_limiter(&self) -> Option<&dyn WriteLimiter> {
        self.inner()?.write_limiter()
    }

    /// Of whom the server requires a second factor. Asked once for each command of a user.
    fn factor_policy(&self) -> FactorPolicy {
        self.inner().map_or(FactorPolicy::Nobody, Storage::factor_policy)
    }

    /// Reports how full the disk is, if the implementation knows.
    fn disk_space(&self) -> Option<&dyn DiskSpace> {
        self.inner()?.disk_space()
    }
}

/// The condition of the stored data, as far as the storage has checked it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    /// There is no reason to suspect damage.
    Sound,
    /// The last shutdown was unclean, and the data is being checked for damage.
    Checking,
    /// The data is damaged: responses may be wrong, and writes may be lost.
    Damaged,
    /// So little disk space is left that writes are about to fail.
    NoRoom,
}

/// Learns what was committed. No method may block.
pub trait EventSink: Send + Sync {
    /// Receives committed events, in the order of their positions.
    fn publish(&self, events: &[LoggedEvent]);

    /// Commands of this process have enqueued jobs and committed.
    fn jobs_enqueued(&self) {}
}

impl dyn Storage + '_ {
    /// Runs `work` in a transaction of its own and returns its result once that is settled. An `Err` rolls
    /// back.
    ///
    /// # Errors
    /// The rejection that `work` returns, or a fault.
    pub async fn run<T: Send + 'static>(
        &self,
        access: Access,
        work: impl Fn(&mut dyn Tx) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let slot = Arc::new(Mutex::new(None));
        let result = Arc::clone(&slot);
        let work = move |tx: &mut dyn Tx| {
            let outcome = work(tx);
            let decision = if outcome.is_ok() { CommitDecision::Commit } else { CommitDecision::RollBack };
            *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(outcome);
            decision
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

//! A server on a folder, as far as the database is concerned.

use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::Duration;

use groupchat_domain::accounts::{Password, User, create_first_admin};
use groupchat_domain::events::LoggedEvent;
use groupchat_domain::storage::{Access, Caller, EventSink, Mode, Storage, Tx};
use groupchat_domain::{Error, operations};
use groupchat_infra::DatabaseStorage;
use groupchat_infra::accounts::keys::RandomKeys;
use groupchat_infra::audit;
use groupchat_infra::clock::SystemClock;
use groupchat_infra::sqlite::{BatchLimits, DataDirLock, LastUse, SqliteOptions, SqliteStorage};

use crate::plain_hasher::PlainHasher;
use crate::plain_sealer::Plain;

/// The name of the database file.
pub(crate) const DATABASE: &str = "groupchat.db";

/// A server that has started.
pub(crate) struct Server {
    // In this order: the storage is closed before the folder is released.
    storage: Arc<SqliteStorage>,
    lock: DataDirLock,
}

/// The database file in a folder.
pub(crate) fn database(folder: &Path) -> PathBuf {
    folder.join(DATABASE)
}

impl Server {
    /// Starts on a folder, and tells `sink` what was committed.
    ///
    /// # Errors
    /// What the operator would read.
    pub(crate) fn start(folder: &Path, sink: Arc<dyn EventSink>) -> Result<Self, String> {
        let lock = DataDirLock::acquire(folder).map_err(|error| error.to_string())?;
        let options = SqliteOptions {
            readers: 1,
            // A batch ends when no command waits, however slow the machine is.
            batch: BatchLimits { commands: 1_000, time: Duration::from_secs(60) },
            ..SqliteOptions::new(database(folder))
        };
        let storage = SqliteStorage::open_to_serve(options, &lock, Arc::new(SystemClock), sink);
        let storage = storage.map_err(|error| error.to_string())?;
        storage.seal_with(Arc::new(Plain));
        Ok(Self { storage: Arc::new(storage), lock })
    }

    /// The storage, for commands.
    pub(crate) fn storage(&self) -> &dyn Storage {
        &*self.storage
    }

    /// Creates the first admin, as each start of a server does that finds no user.
    ///
    /// # Errors
    /// A fault.
    pub(crate) fn create_first_admin(&self) -> Result<Option<(User, Password)>, Error> {
        wait(create_first_admin(self.storage(), &PlainHasher, &RandomKeys))
    }

    /// Whether commands that read and commands that write work.
    ///
    /// # Errors
    /// A fault.
    pub(crate) fn probe(&self) -> Result<(), Error> {
        wait(operations::probe(self.storage())).map(drop)
    }

    /// Whether no entry of the audit log is missing or another one than was recorded.
    ///
    /// # Errors
    /// What is wrong.
    pub(crate) fn verify_audit_log(&self) -> Result<(), String> {
        let verified = wait(audit::verify(self.storage(), None)).map_err(|error| error.to_string())?;
        verified.map(drop).map_err(|damage| damage.to_string())
    }

    /// Runs work for the server itself.
    ///
    /// # Errors
    /// Those of the work, or a fault.
    pub(crate) fn run<T: Send + 'static>(
        &self,
        mode: Mode,
        work: impl Fn(&mut dyn Tx) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        wait(self.storage().run(Access { mode, caller: Caller::System }, work))
    }

    /// Shuts down cleanly.
    pub(crate) fn stop(self) {
        self.storage.shutdown(Duration::from_secs(60));
        self.lock.note(LastUse::Stopped).expect("a note can be written");
    }
}

/// Publishes nothing.
pub(crate) struct NoListener;

impl EventSink for NoListener {
    fn publish(&self, _events: &[LoggedEvent]) {}
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Waits for a future that no runtime has to help.
pub(crate) fn wait<T>(future: impl Future<Output = T>) -> T {
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(value) => return value,
            Poll::Pending => thread::park(),
        }
    }
}

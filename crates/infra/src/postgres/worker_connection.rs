//! A worker's connection: opened for its first command, replaced if it is lost.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use groupchat_domain::storage::{Mode, StorageFault};

use super::connector::{ConnectionPurpose, Connector};
use crate::fault;

/// After a failure to connect, commands are rejected for so long without another try.
const RECONNECT_AFTER: Duration = Duration::from_millis(500);

#[declare_sql_function]
extern "SQL" {
    /// The process of the server that serves the session.
    fn pg_backend_pid() -> Integer;
}

/// How many workers of one kind have a connection.
#[derive(Debug, Default)]
pub(super) struct Peers(AtomicUsize);

/// A connection that is counted while it is open.
pub(super) struct PgSession {
    connection: PgConnection,
    backend: i32,
    peers: Arc<Peers>,
}

impl PgSession {
    fn new(mut connection: PgConnection, peers: &Arc<Peers>) -> Result<Self, String> {
        let backend = diesel::select(pg_backend_pid()).get_result(&mut connection);
        let backend = backend.map_err(|error| error.to_string())?;
        peers.0.fetch_add(1, Ordering::Relaxed);
        Ok(Self { connection, backend, peers: Arc::clone(peers) })
    }

    /// The process of the server that serves the connection.
    pub(super) const fn backend(&self) -> i32 {
        self.backend
    }
}

impl Drop for PgSession {
    fn drop(&mut self) {
        self.peers.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Deref for PgSession {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        &self.connection
    }
}

impl DerefMut for PgSession {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.connection
    }
}

/// What connects one worker.
pub(super) struct WorkerConnection {
    connector: Arc<Connector>,
    mode: Mode,
    /// At rest, in no transaction.
    session: Option<PgSession>,
    /// After a failure to connect: when to try again.
    reconnect_at: Option<Instant>,
    peers: Arc<Peers>,
}

impl WorkerConnection {
    pub(super) const fn new(connector: Arc<Connector>, mode: Mode, peers: Arc<Peers>) -> Self {
        Self { connector, mode, session: None, reconnect_at: None, peers }
    }

    /// Begins a transaction, on a new connection if the old one is lost: nothing has been asked of it yet, so
    /// nobody needs to know.
    ///
    /// # Errors
    /// The server can't be reached, or begins none.
    pub(super) fn begin(&mut self) -> Result<PgSession, StorageFault> {
        let begin = match self.mode {
            Mode::Read => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
            Mode::Write => "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE",
        };
        if let Some(mut session) = self.session.take() {
            match session.batch_execute(begin) {
                Ok(()) => return Ok(session),
                Err(error) => tracing::debug!(%error, "replacing a connection"),
            }
        }
        if self.reconnect_at.is_some_and(|at| Instant::now() < at) {
            return Err(unavailable("the database server can't be reached".into()));
        }
        let mut session = self.connect()?;
        session.batch_execute(begin).map_err(|error| fault::postgres_fault(&error))?;
        Ok(session)
    }

    /// Takes back a connection on which no transaction is open.
    pub(super) fn keep(&mut self, session: PgSession) {
        self.session = Some(session);
    }

    /// Whether this worker got no connection while others have one.
    pub(super) fn is_disconnected_alone(&self) -> bool {
        self.reconnect_at.is_some() && self.peers.0.load(Ordering::Relaxed) > 0
    }

    /// Waits until it is time, and tries to connect again.
    pub(super) fn reconnect(&mut self) {
        if let Some(at) = self.reconnect_at {
            thread::sleep(at.saturating_duration_since(Instant::now()));
        }
        // A failure is told already, and there is no command to answer.
        self.session = self.connect().ok();
    }

    fn connect(&mut self) -> Result<PgSession, StorageFault> {
        let purpose = match self.mode {
            Mode::Read => ConnectionPurpose::Read,
            Mode::Write => ConnectionPurpose::Write,
        };
        let session = self.connector.connect(purpose).and_then(|opened| PgSession::new(opened, &self.peers));
        match session {
            Ok(session) => {
                self.reconnect_at = None;
                Ok(session)
            }
            Err(reason) => {
                // Once, however often it is tried.
                if self.reconnect_at.is_none() {
                    tracing::warn!(reason, "the database server can't be reached");
                }
                self.reconnect_at = Some(Instant::now() + RECONNECT_AFTER);
                Err(unavailable(reason))
            }
        }
    }
}

const fn unavailable(reason: String) -> StorageFault {
    StorageFault::Unavailable { reason }
}

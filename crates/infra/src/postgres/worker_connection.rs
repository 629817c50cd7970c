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

/// How long commands are rejected after a failure to connect before the next attempt.
const RECONNECT_AFTER: Duration = Duration::from_millis(500);

#[declare_sql_function]
extern "SQL" {
    /// The id of the connection's backend process.
    fn pg_backend_pid() -> Integer;
}

/// The number of workers of one kind that have a connection.
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

    /// The id of the connection's backend process.
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

/// The connection of one worker.
pub(super) struct WorkerConnection {
    connector: Arc<Connector>,
    mode: Mode,
    /// An open connection without a transaction.
    session: Option<PgSession>,
    /// When to try again after a failure to connect.
    reconnect_at: Option<Instant>,
    peers: Arc<Peers>,
}

impl WorkerConnection {
    pub(super) const fn new(connector: Arc<Connector>, mode: Mode, peers: Arc<Peers>) -> Self {
        Self { connector, mode, session: None, reconnect_at: None, peers }
    }

    /// Begins a transaction. If the connection is lost, it is replaced without an error, because nothing was requested
    /// on it yet.
    ///
    /// # Errors
    /// The server can't be reached, or can't begin a transaction.
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

    /// Takes back a connection without an open transaction.
    pub(super) fn keep(&mut self, session: PgSession) {
        self.session = Some(session);
    }

    /// Whether this worker has no connection while others have one.
    pub(super) fn is_disconnected_alone(&self) -> bool {
        self.reconnect_at.is_some() && self.peers.0.load(Ordering::Relaxed) > 0
    }

    /// Waits until the next attempt is due, and tries to connect.
    pub(super) fn reconnect(&mut self) {
        if let Some(at) = self.reconnect_at {
            thread::sleep(at.saturating_duration_since(Instant::now()));
        }
        // The failure has been logged already, and no command waits for a reply.
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
                // Logged once, however often it is tried.
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

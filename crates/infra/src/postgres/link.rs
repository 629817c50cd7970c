//! A worker's connection: opened for its first command, replaced if it is lost.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use groupchat_domain::storage::{Mode, StorageFault};

use super::dial::{Dial, Purpose};
use crate::fault;

/// After a failure to connect, commands are turned away for so long without another try.
const REDIAL_AFTER: Duration = Duration::from_millis(500);

#[declare_sql_function]
extern "SQL" {
    /// The process of the server that serves the session.
    fn pg_backend_pid() -> Integer;
}

/// How many workers of one kind have a connection.
#[derive(Debug, Default)]
pub(super) struct Peers(AtomicUsize);

/// A connection that is counted while it is open.
pub(super) struct Session {
    connection: PgConnection,
    backend: i32,
    peers: Arc<Peers>,
}

impl Session {
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

impl Drop for Session {
    fn drop(&mut self) {
        self.peers.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Deref for Session {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        &self.connection
    }
}

impl DerefMut for Session {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.connection
    }
}

/// What connects one worker.
pub(super) struct Link {
    dial: Arc<Dial>,
    mode: Mode,
    /// At rest, in no transaction.
    session: Option<Session>,
    /// After a failure to connect: when to try again.
    redial_at: Option<Instant>,
    peers: Arc<Peers>,
}

impl Link {
    pub(super) const fn new(dial: Arc<Dial>, mode: Mode, peers: Arc<Peers>) -> Self {
        Self { dial, mode, session: None, redial_at: None, peers }
    }

    /// Begins a transaction, on a new connection if the old one is lost: nothing has been asked of it yet, so
    /// nobody needs to know.
    ///
    /// # Errors
    /// The server can't be reached, or begins none.
    pub(super) fn begin(&mut self) -> Result<Session, StorageFault> {
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
        if self.redial_at.is_some_and(|at| Instant::now() < at) {
            return Err(unavailable("the database server can't be reached".into()));
        }
        let mut session = self.connect()?;
        session.batch_execute(begin).map_err(|error| fault::postgres_fault(&error))?;
        Ok(session)
    }

    /// Takes back a connection on which no transaction is open.
    pub(super) fn keep(&mut self, session: Session) {
        self.session = Some(session);
    }

    /// Whether this worker got no connection while others have one.
    pub(super) fn is_left_behind(&self) -> bool {
        self.redial_at.is_some() && self.peers.0.load(Ordering::Relaxed) > 0
    }

    /// Waits until it is time, and tries to connect again.
    pub(super) fn redial(&mut self) {
        if let Some(at) = self.redial_at {
            thread::sleep(at.saturating_duration_since(Instant::now()));
        }
        // A failure is told already, and there is no command to answer.
        self.session = self.connect().ok();
    }

    fn connect(&mut self) -> Result<Session, StorageFault> {
        let purpose = match self.mode {
            Mode::Read => Purpose::Read,
            Mode::Write => Purpose::Write,
        };
        let session = self.dial.connect(purpose).and_then(|opened| Session::new(opened, &self.peers));
        match session {
            Ok(session) => {
                self.redial_at = None;
                Ok(session)
            }
            Err(reason) => {
                // Once, however often it is tried.
                if self.redial_at.is_none() {
                    tracing::warn!(reason, "the database server can't be reached");
                }
                self.redial_at = Some(Instant::now() + REDIAL_AFTER);
                Err(unavailable(reason))
            }
        }
    }
}

const fn unavailable(reason: String) -> StorageFault {
    StorageFault::Unavailable { reason }
}

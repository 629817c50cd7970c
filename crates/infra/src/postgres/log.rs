//! The thread of the log: it numbers what is committed, while no other server does, and hands what is numbered, by
//! whomever, to the sink.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use groupchat_domain::events::{LoggedEvent, load};
use groupchat_domain::ids::Position;
use groupchat_domain::storage::{EventSink, StorageFault, Tx};
use groupchat_domain::time::Clock;

use super::advisory::AdvisoryLock;
use super::dial::{Dial, Purpose};
use super::numbering::number_some;
use crate::connection::Connection;
use crate::executor::activity::KeyActivity;
use crate::executor::sync::locked;
use crate::fault;
use crate::tx::{DbTx, Events};

/// Events that are read at once.
const PAGE: usize = 500;

/// What the thread waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Nothing,
    Turn,
    Stop,
}

/// Wakes the thread. Many wakes while it works are one.
pub(super) struct LogSignal {
    wanted: Mutex<Wanted>,
    changed: Condvar,
}

impl LogSignal {
    pub(super) const fn new() -> Self {
        Self { wanted: Mutex::new(Wanted::Nothing), changed: Condvar::new() }
    }

    /// Events were stored.
    pub(super) fn wake(&self) {
        let mut wanted = locked(&self.wanted);
        if *wanted == Wanted::Nothing {
            *wanted = Wanted::Turn;
            self.changed.notify_all();
        }
    }

    /// No more events will be stored.
    pub(super) fn stop(&self) {
        *locked(&self.wanted) = Wanted::Stop;
        self.changed.notify_all();
    }

    /// Waits until woken or time is up; `false` once stopped.
    fn wait(&self, time: Duration) -> bool {
        let wanted = locked(&self.wanted);
        let (mut wanted, _) = self
            .changed
            .wait_timeout_while(wanted, time, |wanted| *wanted == Wanted::Nothing)
            .unwrap_or_else(PoisonError::into_inner);
        match *wanted {
            Wanted::Stop => false,
            Wanted::Turn | Wanted::Nothing => {
                *wanted = Wanted::Nothing;
                true
            }
        }
    }
}

/// The thread, with its connection.
pub(super) struct LogFollower {
    pub(super) dial: Arc<Dial>,
    pub(super) signal: Arc<LogSignal>,
    pub(super) look_every: Duration,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) sink: Arc<dyn EventSink>,
    /// The last event that the sink has got.
    pub(super) position: Position,
    /// `None` while the server can't be reached.
    pub(super) session: Option<LogSession>,
}

/// A connection, and whether it holds the right to number.
pub(super) struct LogSession {
    connection: PgConnection,
    numbers: bool,
}

impl From<PgConnection> for LogSession {
    fn from(connection: PgConnection) -> Self {
        Self { connection, numbers: false }
    }
}

impl LogFollower {
    /// Works until it is stopped, and once more then.
    pub(super) fn serve(mut self) {
        loop {
            let goes_on = self.signal.wait(self.look_every);
            self.guarded_turn();
            if !goes_on {
                return;
            }
        }
    }

    fn guarded_turn(&mut self) {
        match catch_unwind(AssertUnwindSafe(|| self.turn())) {
            Ok(Ok(())) => {}
            Ok(Err(reason)) => {
                tracing::warn!(reason, "the event log has to wait");
                self.session = None;
            }
            Err(_) => {
                tracing::error!("whoever reads the event log, or takes its events, panicked");
                self.session = None;
            }
        }
    }

    /// Numbers all that is committed and hands it on.
    fn turn(&mut self) -> Result<(), String> {
        let mut session = match self.session.take() {
            Some(session) => session,
            None => self.dial.connect(Purpose::Log)?.into(),
        };
        loop {
            let more = session.number_some().map_err(|error| error.to_string())?;
            self.hand_on(&mut session)?;
            if !more {
                break;
            }
        }
        self.session = Some(session);
        Ok(())
    }

    fn hand_on(&mut self, session: &mut LogSession) -> Result<(), String> {
        loop {
            let events = session.read_after(self.position, self.clock.as_ref())?;
            let Some(last) = events.last() else { return Ok(()) };
            // First, so that a sink that panics doesn't get the same events again and again.
            self.position = last.position;
            self.sink.committed(&events);
            if events.len() < PAGE {
                return Ok(());
            }
        }
    }
}

impl LogSession {
    /// Numbers some events if this session has, or gets, the right to; whether there may be more.
    fn number_some(&mut self) -> QueryResult<bool> {
        if !self.numbers {
            self.numbers = AdvisoryLock::Numbering.try_for_session(&mut self.connection)?;
        }
        if self.numbers { number_some(&mut self.connection) } else { Ok(false) }
    }

    /// A page of the log, with the present state of what it names.
    fn read_after(&mut self, position: Position, clock: &dyn Clock) -> Result<Vec<LoggedEvent>, String> {
        let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
        self.connection.batch_execute(begin).map_err(|error| fault::postgres_fault(&error).to_string())?;
        // No key is used here.
        let activity = KeyActivity::new();
        let connection = Connection::Postgres(&mut self.connection);
        let mut tx = DbTx::new(connection, clock.now(), &activity, Events::Refused);
        let events = read(&mut tx, position).map_err(|fault| fault.to_string())?;
        self.connection.batch_execute("COMMIT").map_err(|error| error.to_string())?;
        Ok(events)
    }
}

fn read(tx: &mut dyn Tx, position: Position) -> Result<Vec<LoggedEvent>, StorageFault> {
    let records = tx.events().after(position, PAGE as i64)?;
    load(tx, records)
}

//! The connection of the log thread: it sequences, reads, listens and notifies.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::Integer;
use groupchat_domain::events::{LogState, LoggedEvent, load_after};
use groupchat_domain::ids::Position;
use groupchat_domain::storage::{StorageFault, Tx};
use groupchat_domain::time::Clock;

use super::notices::{CHANNEL, Notice};
use crate::accounts::key_activity::KeyActivity;
use crate::connection::Connection;
use crate::fault;
use crate::postgres::advisory::AdvisoryLock;
use crate::postgres::connector::{ConnectionPurpose, Connector};
use crate::postgres::sequencer::assign_positions;
use crate::tx::{DbTx, Events};

/// Events that are read at a time.
pub(super) const PAGE: usize = 500;

/// A connection that listens for notices. It may hold the sequencer's lock.
pub(in crate::postgres) struct LogSession {
    connection: PgConnection,
    /// Its backend process, by which we recognize our own notices.
    process: i32,
    is_sequencer: bool,
}

#[derive(QueryableByName)]
struct Process {
    #[diesel(sql_type = Integer)]
    process: i32,
}

impl LogSession {
    /// Connects and listens. Events that earlier notices announced must be read from the log.
    ///
    /// # Errors
    /// The error of libpq or the server.
    pub(super) fn open(connector: &Connector) -> Result<Self, String> {
        let mut connection = connector.connect(ConnectionPurpose::Log)?;
        let asked = diesel::sql_query("SELECT pg_backend_pid() AS process").get_result(&mut connection);
        let Process { process } = asked.map_err(|error| error.to_string())?;
        connection.batch_execute(&format!("LISTEN {CHANNEL}")).map_err(|error| error.to_string())?;
        Ok(Self { connection, process, is_sequencer: false })
    }

    /// Whether it holds the sequencer's lock.
    pub(super) const fn is_sequencer(&self) -> bool {
        self.is_sequencer
    }

    /// Assigns positions to a batch of events, if this connection holds or gets the sequencer's lock. Returns how many.
    ///
    /// # Errors
    /// The failure of the statement. Then no positions were assigned.
    pub(super) fn assign_positions(&mut self) -> QueryResult<usize> {
        if !self.is_sequencer {
            self.is_sequencer = AdvisoryLock::Sequencer.try_for_session(&mut self.connection)?;
        }
        if self.is_sequencer { assign_positions(&mut self.connection) } else { Ok(0) }
    }

    /// The current state of the log.
    ///
    /// # Errors
    /// The failure of a statement.
    pub(super) fn state(&mut self, clock: &dyn Clock) -> Result<LogState, String> {
        self.read(clock, |tx| tx.events().state())
    }

    /// A page of the log, with the current state of the events' subjects.
    ///
    /// # Errors
    /// The failure of a statement.
    pub(super) fn read_after(
        &mut self,
        position: Position,
        clock: &dyn Clock,
    ) -> Result<Vec<LoggedEvent>, String> {
        self.read(clock, |tx| load_after(tx, position, PAGE as i64))
    }

    /// Reads from one snapshot.
    fn read<T>(
        &mut self,
        clock: &dyn Clock,
        work: impl FnOnce(&mut dyn Tx) -> Result<T, StorageFault>,
    ) -> Result<T, String> {
        let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
        self.connection.batch_execute(begin).map_err(|error| fault::postgres_fault(&error).to_string())?;
        // Nothing here uses a key.
        let activity = KeyActivity::new();
        let connection = Connection::Postgres(&mut self.connection);
        let mut tx = DbTx::new(connection, clock.now(), &activity, Events::Refused);
        let read = work(&mut tx).map_err(|fault| fault.to_string())?;
        self.connection.batch_execute("COMMIT").map_err(|error| error.to_string())?;
        Ok(read)
    }

    /// Whether another server has announced something new to a server that has read the log up to `position`. Takes all
    /// notices and doesn't wait.
    ///
    /// # Errors
    /// The connection is lost.
    pub(super) fn has_news(&mut self, position: Position) -> QueryResult<bool> {
        let mut has_news = false;
        for told in self.connection.notifications_iter() {
            let told = told?;
            let notice = Notice::parse(&told.payload).filter(|_| told.process_id != self.process);
            has_news |= notice.is_some_and(|notice| notice.is_news(position, self.is_sequencer));
        }
        Ok(has_news)
    }

    /// Notifies all servers. Not in a transaction with anything else: a transaction with `NOTIFY` holds a cluster-wide
    /// lock until its commit, and the commit of an otherwise empty transaction doesn't wait for the disk.
    ///
    /// # Errors
    /// The failure of the statement.
    pub(super) fn notify(&mut self, notice: Notice) -> QueryResult<()> {
        self.connection.batch_execute(&format!("NOTIFY {CHANNEL}, '{}'", notice.payload()))
    }
}

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

/// Events that are read at once.
pub(super) const PAGE: usize = 500;

/// A connection that listens for notices, and whether it holds the right to number.
pub(in crate::postgres) struct LogSession {
    connection: PgConnection,
    /// The server's process behind it, by which its own notices are known.
    process: i32,
    is_sequencer: bool,
}

#[derive(QueryableByName)]
struct Process {
    #[diesel(sql_type = Integer)]
    process: i32,
}

impl LogSession {
    /// Connects and listens. What was told before has to be read from the log.
    ///
    /// # Errors
    /// What libpq or the server says.
    pub(super) fn open(connector: &Connector) -> Result<Self, String> {
        let mut connection = connector.connect(ConnectionPurpose::Log)?;
        let asked = diesel::sql_query("SELECT pg_backend_pid() AS process").get_result(&mut connection);
        let Process { process } = asked.map_err(|error| error.to_string())?;
        connection.batch_execute(&format!("LISTEN {CHANNEL}")).map_err(|error| error.to_string())?;
        Ok(Self { connection, process, is_sequencer: false })
    }

    /// Whether it has the right to number.
    pub(super) const fn is_sequencer(&self) -> bool {
        self.is_sequencer
    }

    /// Numbers some events if this session has, or gets, the right to; how many.
    ///
    /// # Errors
    /// The failure of the statement; then none was numbered.
    pub(super) fn assign_positions(&mut self) -> QueryResult<usize> {
        if !self.is_sequencer {
            self.is_sequencer = AdvisoryLock::Sequencer.try_for_session(&mut self.connection)?;
        }
        if self.is_sequencer { assign_positions(&mut self.connection) } else { Ok(0) }
    }

    /// The log as it is now.
    ///
    /// # Errors
    /// The failure of a statement.
    pub(super) fn state(&mut self, clock: &dyn Clock) -> Result<LogState, String> {
        self.read(clock, |tx| tx.events().state())
    }

    /// A page of the log, with the present state of what it names.
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

    /// Reads on one snapshot.
    fn read<T>(
        &mut self,
        clock: &dyn Clock,
        work: impl FnOnce(&mut dyn Tx) -> Result<T, StorageFault>,
    ) -> Result<T, String> {
        let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
        self.connection.batch_execute(begin).map_err(|error| fault::postgres_fault(&error).to_string())?;
        // No key is used here.
        let activity = KeyActivity::new();
        let connection = Connection::Postgres(&mut self.connection);
        let mut tx = DbTx::new(connection, clock.now(), &activity, Events::Refused);
        let read = work(&mut tx).map_err(|fault| fault.to_string())?;
        self.connection.batch_execute("COMMIT").map_err(|error| error.to_string())?;
        Ok(read)
    }

    /// Whether other servers have told anything that is news to one that knows the log up to `position`. Takes all
    /// that was told, and doesn't wait.
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

    /// Tells all servers. In no transaction with anything else: a `NOTIFY` takes turns with those of the whole
    /// cluster until its commit, but a commit of nothing else has not to wait for the disk.
    ///
    /// # Errors
    /// The failure of the statement.
    pub(super) fn notify(&mut self, notice: Notice) -> QueryResult<()> {
        self.connection.batch_execute(&format!("NOTIFY {CHANNEL}, '{}'", notice.payload()))
    }
}

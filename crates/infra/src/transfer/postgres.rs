//! PostgreSQL's part of a copy.

use std::thread;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use super::backend::{Backend, EndpointSession};
use super::endpoint::Side;
use super::error::TransferError;
use super::table;
use crate::postgres::connector::{ConnectionPurpose, Connector};
use crate::postgres::{AdvisoryLock, OpenError, PostgresOptions, migrate, sequencer};

/// How long to wait for the server to accept a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// How long the connection of a killed program may hold its locks.
const LINGERING: Duration = Duration::from_secs(2);

/// How long to wait between attempts to get the lock.
const LOCK_RETRY_INTERVAL: Duration = Duration::from_millis(50);

/// How often to try to find the log completely sequenced, while somebody writes.
const TRIES: u32 = 5;

/// Connects. The server must not end the connection for being idle, because one side is idle while the other works.
///
/// # Errors
/// [`OpenError`]
fn connect(url: &str) -> Result<PgConnection, OpenError> {
    let connector = Connector::new(&PostgresOptions::new(url));
    let mut connection = connector.connect_within(ConnectionPurpose::Migrate, CONNECT_TIMEOUT)?;
    let settings = "SET application_name = 'groupchat migrate-database'; \
                    SET idle_in_transaction_session_timeout = 0; SET lock_timeout = '30s'";
    let failed = |error: diesel::result::Error| OpenError::Database {
        database: connector.shown(),
        reason: error.to_string(),
    };
    connection.batch_execute(settings).map_err(failed)?;
    Ok(connection)
}

/// Keeps every server from assigning positions until the connection ends. If one holds the lock, it is in use. The
/// connection of a killed program ends soon.
fn claim(connection: &mut PgConnection, side: Side) -> Result<(), TransferError> {
    let until = Instant::now() + LINGERING;
    let failed = TransferError::at(side, "lock");
    while !AdvisoryLock::Sequencer.try_for_session(connection).map_err(&failed)? {
        if Instant::now() > until {
            return Err(TransferError::InUse(side));
        }
        thread::sleep(LOCK_RETRY_INTERVAL);
    }
    Ok(())
}

/// Opens the database to copy. Until the connection ends, nobody writes to it.
///
/// # Errors
/// [`TransferError`]
pub(super) fn open_source(url: &str) -> Result<EndpointSession, TransferError> {
    let mut connection = connect(url)?;
    claim(&mut connection, Side::Source)?;
    require_current(&mut connection)?;
    freeze(&mut connection).map_err(TransferError::at(Side::Source, "take a snapshot of"))?;
    Ok(EndpointSession::Postgres(Box::new(connection)))
}

/// Opens the database that becomes the copy.
///
/// # Errors
/// [`TransferError`]
pub(super) fn open_target(url: &str) -> Result<EndpointSession, TransferError> {
    Ok(EndpointSession::Postgres(Box::new(connect(url)?)))
}

/// Rejects a schema other than this program's.
fn require_current(connection: &mut PgConnection) -> Result<(), TransferError> {
    let name = name(connection).map_err(TransferError::at(Side::Source, "read"))?;
    let schema = migrate::schema_version(connection, &name)?;
    if schema.pending > 0 { Err(TransferError::Outdated(schema.found)) } else { Ok(()) }
}

/// Begins a transaction in which every event has a position, and keeps others from writing. The snapshot is taken after
/// the locks, because LOCK takes none (PostgreSQL documentation, LOCK, "Description").
fn freeze(connection: &mut PgConnection) -> QueryResult<()> {
    let begin = format!(
        "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; LOCK TABLE {} IN SHARE MODE",
        table::names().join(", ")
    );
    for _ in 0..TRIES {
        while sequencer::assign_positions(connection)? > 0 {}
        connection.batch_execute(&begin)?;
        // Somebody may have committed an event in between.
        let missing = "SELECT count(*) AS number FROM events WHERE position IS NULL";
        if number(connection, missing)? == 0 {
            return Ok(());
        }
        connection.batch_execute("ROLLBACK")?;
    }
    Err(diesel::result::Error::QueryBuilderError("other programs keep on writing to it".into()))
}

#[derive(QueryableByName)]
struct Name {
    #[diesel(sql_type = Text)]
    name: String,
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

fn number(connection: &mut PgConnection, query: &str) -> QueryResult<i64> {
    diesel::sql_query(query).get_result(connection).map(|row: Number| row.number)
}

/// The server's name for the database.
fn name(connection: &mut PgConnection) -> QueryResult<String> {
    let name = diesel::sql_query("SELECT current_database()::text AS name");
    name.get_result(connection).map(|row: Name| row.name)
}

impl Backend for PgConnection {
    fn claim_target(&mut self) -> Result<(), TransferError> {
        claim(self, Side::Target)
    }

    fn migrate(&mut self) -> Result<(), TransferError> {
        let name = name(self).map_err(TransferError::at(Side::Target, "read"))?;
        Ok(migrate::migrate(self, &name)?)
    }

    fn begin_alone(&mut self, tables: &[&str]) -> QueryResult<()> {
        self.batch_execute(&format!("BEGIN; LOCK TABLE {} IN ACCESS EXCLUSIVE MODE", tables.join(", ")))
    }

    fn identity(&mut self) -> QueryResult<String> {
        let identity = diesel::sql_query(
            "SELECT concat_ws('/', system_identifier, pg_database.oid, current_schema()) AS name \
             FROM pg_control_system(), pg_database WHERE datname = current_database()",
        );
        identity.get_result(self).map(|row: Name| row.name)
    }

    /// The tables and views of the schema for new tables, except those of extensions.
    fn tables(&mut self) -> QueryResult<Vec<String>> {
        let tables: Vec<Name> = diesel::sql_query(
            "SELECT relname::text AS name FROM pg_class \
             WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p', 'v', 'm', 'f') \
             AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_class'::regclass \
                             AND objid = pg_class.oid AND deptype = 'e')",
        )
        .load(self)?;
        Ok(tables.into_iter().map(|table| table.name).collect())
    }

    /// Of a sequence that has assigned nothing, the id before its first: some ids may be reserved.
    fn head(&mut self, table: &str) -> QueryResult<i64> {
        let head = format!(
            "SELECT greatest((SELECT coalesce(last_value, start_value - 1) FROM pg_sequences \
                              WHERE format('%I.%I', schemaname, sequencename) = \
                                    pg_get_serial_sequence('{table}', 'id')), \
                             (SELECT max(id) FROM {table}), 0) AS number"
        );
        number(self, &head)
    }

    fn set_head(&mut self, table: &str, head: i64) -> QueryResult<()> {
        let set = format!(
            "SELECT setval(pg_get_serial_sequence('{table}', 'id'), greatest({head}, 1), {})",
            head > 0
        );
        self.batch_execute(&set)
    }

    fn clear(&mut self, tables: &[&str]) -> QueryResult<()> {
        self.batch_execute(&format!("TRUNCATE {} RESTART IDENTITY", tables.join(", ")))
    }

    fn suspend_triggers(&mut self, table: &str) -> QueryResult<String> {
        self.batch_execute(&format!("ALTER TABLE {table} DISABLE TRIGGER USER"))?;
        Ok(format!("ALTER TABLE {table} ENABLE TRIGGER USER"))
    }

    /// Otherwise the planner has no statistics until autovacuum runs.
    fn settle(&mut self) -> QueryResult<()> {
        self.batch_execute("ANALYZE")
    }
}

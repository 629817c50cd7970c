//! The id counters after a restore: PostgreSQL's own programs reset them to the time of the backup.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use groupchat_domain::audit::{AuditAction, AuditEntry};
use groupchat_domain::ids::head_after_restore;
use groupchat_domain::time::Timestamp;

use super::advisory::AdvisoryLock;
use super::connector::{ConnectionPurpose, Connector};
use super::error::OpenError;
use super::log_state;
use super::migrate;
use super::options::PostgresOptions;
use crate::accounts::families::forget_tokens;
use crate::accounts::password_resets::forget_resets;
use crate::audit;
use crate::connection::Connection as WorkerConnection;
use crate::events::log::new_epoch;
use crate::events::log_state::log_lineage;
use crate::schema::log_state::dsl::{epoch, lineage, log_state as log_states};

/// For each table with ids, its sequence and a query for the highest id that it is known to have assigned.
const COUNTERS: &str = "\
    SELECT sequence, format('SELECT greatest((SELECT last_value FROM %s), (SELECT max(%I) FROM %s), 0) AS number', \
        sequence, attname, attrelid::regclass) AS head \
    FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid, \
        pg_get_serial_sequence(attrelid::regclass::text, attname) AS sequence \
    WHERE relnamespace = current_schema()::regnamespace AND attidentity <> ''";

#[derive(QueryableByName)]
struct Counter {
    #[diesel(sql_type = Text)]
    sequence: String,
    #[diesel(sql_type = Text)]
    head: String,
}

/// Records the lineage of the log. If it differs from the last time, the database was restored, or has failed over to a
/// server that may lack the latest data. Then the counters advance, so that no id is assigned twice. `now` is the
/// current time, `database` is for error messages.
///
/// # Errors
/// The failure of a statement.
pub(super) fn follow_lineage(
    connection: &mut PgConnection,
    database: &str,
    now: Timestamp,
) -> Result<(), OpenError> {
    let failed = |error: diesel::result::Error| log_state::refused(database, &error);
    let same = log_states.filter(lineage.eq(log_lineage().nullable())).count().get_result::<i64>(connection);
    if same.map_err(failed)? > 0 {
        return Ok(());
    }
    let moved = connection.transaction(|connection| {
        // Servers that start at the same time take turns. The second one finds nothing to do.
        AdvisoryLock::Schema.until_commit(connection)?;
        let known: Option<String> = log_states.select(lineage).first(connection)?;
        let present: String = diesel::select(log_lineage()).get_result(connection)?;
        let moves = known.is_some_and(|known| known != present);
        if moves {
            advance(connection, AuditEntry::by_server(AuditAction::IdsAdvanced), now)?;
        }
        diesel::update(log_states).set(lineage.eq(present)).execute(connection)?;
        QueryResult::Ok(moves)
    });
    if moved.map_err(failed)? {
        tracing::warn!(database, "the database was restored or failed over; advanced the id counters");
    }
    Ok(())
}

/// Does what is necessary after a restore that can't be detected, such as that of a disk snapshot: advances the id
/// counters and gives the log a new epoch. `now` is the current time.
///
/// # Errors
/// [`OpenError`], also if a server uses the database.
pub fn advance_ids(options: &PostgresOptions, now: Timestamp) -> Result<(), OpenError> {
    let connector = Connector::new(options);
    let database = connector.shown();
    let failed = |error: diesel::result::Error| log_state::refused(&database, &error);
    let mut connection = connector.connect_within(ConnectionPurpose::Migrate, options.connect_within)?;
    migrate::schema_version(&mut connection, &database)?;
    log_state::refuse_unfinished(&mut connection, &database)?;
    if !AdvisoryLock::Sequencer.try_for_session(&mut connection).map_err(failed)? {
        return Err(OpenError::InUse(database));
    }
    let another = new_epoch().map_err(|error| OpenError::NoRandomness(error.to_string()))?;
    let advanced = connection.transaction(|connection| {
        advance(connection, AuditEntry::by_operator(AuditAction::IdsAdvanced), now)?;
        diesel::update(log_states).set(epoch.eq(another)).execute(connection).map(drop)
    });
    advanced.map_err(failed)
}

/// Forgets refresh tokens and codes that reset passwords, advances every counter to ids that were not assigned before, and
/// records that by this entry. Positions of the log have no gap; the log's epoch distinguishes new ones from earlier ones.
fn advance(connection: &mut PgConnection, entry: AuditEntry, now: Timestamp) -> QueryResult<()> {
    forget_tokens(&mut WorkerConnection::Postgres(connection))?;
    forget_resets(&mut WorkerConnection::Postgres(connection))?;
    let counters: Vec<Counter> = diesel::sql_query(COUNTERS).load(connection)?;
    for Counter { sequence, head } in counters {
        let head = crate::check::number(&mut WorkerConnection::Postgres(connection), &head)?;
        let next = head_after_restore(head, now).ok_or_else(|| {
            diesel::result::Error::QueryBuilderError(format!("the ids of {sequence} are used up").into())
        })?;
        diesel::sql_query("SELECT setval($1::regclass, $2)")
            .bind::<Text, _>(sequence)
            .bind::<BigInt, _>(next)
            .execute(connection)?;
    }
    audit::append(&mut WorkerConnection::Postgres(connection), vec![(now, entry)])
}

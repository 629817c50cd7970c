//! A database on a PostgreSQL server.

use std::sync::Arc;
use std::time::Duration;

use diesel::prelude::*;
use diesel::sql_types::{Bool, Integer, Text};
use groupchat_infra::clock::SystemClock;
use groupchat_infra::postgres::{PostgresOptions, PostgresStorage};

use super::engine::{Engine, PostgresServer};
use super::opened::{Database, Nobody};
use crate::error::BenchError;
use crate::footprint::ProcessFamily;
use crate::location::DatabaseUrl;
use crate::seed::users::PREFIX;

/// Opens a database that is empty or that this program has filled before. Any other is left as it is.
pub(super) fn open(url: &DatabaseUrl) -> Result<Database, BenchError> {
    let refused = |error: diesel::result::Error| BenchError::Open(error.to_string());
    let mut connection =
        PgConnection::establish(url.reveal()).map_err(|error| BenchError::Open(error.to_string()))?;
    if is_somebodys(&mut connection).map_err(refused)? {
        return Err(BenchError::Somebodys);
    }
    let facts = facts(&mut connection).map_err(refused)?;
    let options = PostgresOptions { connect_within: Duration::ZERO, ..PostgresOptions::new(url.reveal()) };
    let storage = PostgresStorage::open(options, Arc::new(SystemClock), Arc::new(Nobody))
        .map_err(|error| BenchError::Open(error.to_string()))?;
    let family = facts.is_local.then(|| u32::try_from(facts.pid).ok()).flatten();
    Ok(Database {
        storage: Box::new(storage),
        engine: Engine::Postgres(facts.into()),
        family: family.and_then(|backend| ProcessFamily::of_child(backend, "postgres")),
        _lock: None,
    })
}

#[derive(QueryableByName)]
struct Holds {
    #[diesel(sql_type = Bool)]
    tables: bool,
    #[diesel(sql_type = Bool)]
    users: bool,
}

#[derive(QueryableByName)]
struct Answer {
    #[diesel(sql_type = Bool)]
    answer: bool,
}

/// Whether a database holds anything that this program did not put there. Asked before it is migrated.
fn is_somebodys(connection: &mut PgConnection) -> QueryResult<bool> {
    let holds: Holds = diesel::sql_query(
        "SELECT EXISTS (SELECT FROM pg_tables WHERE schemaname = ANY (current_schemas(false))) AS tables, \
         to_regclass('users') IS NOT NULL AS users",
    )
    .get_result(connection)?;
    if !holds.users {
        return Ok(holds.tables);
    }
    let ours = format!("{PREFIX}%");
    diesel::sql_query(
        "SELECT EXISTS (SELECT FROM users) \
         AND NOT EXISTS (SELECT FROM users WHERE username LIKE $1) AS answer",
    )
    .bind::<Text, _>(ours)
    .get_result(connection)
    .map(|Answer { answer }| answer)
}

#[derive(QueryableByName)]
struct Facts {
    #[diesel(sql_type = Text)]
    version: String,
    #[diesel(sql_type = Bool)]
    is_local: bool,
    #[diesel(sql_type = Bool)]
    fsync: bool,
    #[diesel(sql_type = Text)]
    synchronous_commit: String,
    #[diesel(sql_type = Integer)]
    pid: i32,
}

/// What the server says of itself. Without `synchronous_commit` it would lose what was acknowledged, so groupchat
/// overrules that.
fn facts(connection: &mut PgConnection) -> QueryResult<Facts> {
    diesel::sql_query(
        "SELECT current_setting('server_version') AS version, \
         inet_server_addr() IS NOT DISTINCT FROM inet_client_addr() AS is_local, \
         current_setting('fsync')::boolean AS fsync, \
         coalesce(nullif(current_setting('synchronous_commit'), 'off'), 'on') AS synchronous_commit, \
         pg_backend_pid() AS pid",
    )
    .get_result(connection)
}

impl From<Facts> for PostgresServer {
    fn from(facts: Facts) -> Self {
        let Facts { version, is_local, fsync, synchronous_commit, pid: _ } = facts;
        Self { version, is_local, fsync, synchronous_commit }
    }
}

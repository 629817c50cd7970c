//! Opens a PostgreSQL database.

use std::sync::Arc;
use std::time::Duration;

use groupchat_domain::storage::EventSink;
use groupchat_domain::time::Timestamp;
use groupchat_infra::check::{Depth, Finding};
use groupchat_infra::clock::SystemClock;
use groupchat_infra::postgres::{self, PostgresOptions, PostgresStorage};
use groupchat_infra::{DatabaseStorage, QueueLimits};

use crate::config::Config;
use crate::database_url::DatabaseUrl;
use crate::error::ProgramError;

/// Opens it as a server does.
pub(super) fn open_to_serve(
    config: &Config,
    url: &DatabaseUrl,
    queue: QueueLimits,
    sink: Arc<dyn EventSink>,
) -> Result<Arc<dyn DatabaseStorage>, ProgramError> {
    let usual = PostgresOptions::new(url.reveal());
    let options = PostgresOptions {
        writers: config.storage_writers,
        readers: if config.storage_readers == 0 { usual.readers } else { config.storage_readers },
        write_queue: queue,
        read_queue: queue,
        read_timeout: config.storage_read_timeout,
        statement_timeout: config.storage_statement_timeout,
        connect_within: config.storage_start_timeout,
        ..usual
    };
    Ok(Arc::new(PostgresStorage::open(options, Arc::new(SystemClock), sink)?))
}

/// Opens it for one command beside servers, which number its events; someone waits for the command, so it doesn't
/// wait for the database.
pub(super) fn open(
    url: &DatabaseUrl,
    sink: Arc<dyn EventSink>,
) -> Result<Arc<dyn DatabaseStorage>, ProgramError> {
    let options = PostgresOptions {
        follows_log: false,
        migrates: false,
        writers: 1,
        readers: 1,
        connect_within: Duration::ZERO,
        ..PostgresOptions::new(url.reveal())
    };
    Ok(Arc::new(PostgresStorage::open(options, Arc::new(SystemClock), sink)?))
}

/// Checks it beside servers.
pub(super) fn check(url: &DatabaseUrl, depth: Depth, now: Timestamp) -> Vec<Finding> {
    postgres::check(&PostgresOptions::new(url.reveal()), depth, now)
}

/// Moves the counters of ids on, after a restore that can't be told from none.
pub(super) fn advance_ids(url: &DatabaseUrl, now: Timestamp) -> Result<(), ProgramError> {
    let options = PostgresOptions { connect_within: Duration::ZERO, ..PostgresOptions::new(url.reveal()) };
    Ok(postgres::advance_ids(&options, now)?)
}

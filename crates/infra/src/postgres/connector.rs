//! Opening connections, each set up for its purpose.

use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;

use super::error::OpenError;
use super::options::PostgresOptions;
use super::url;
use crate::observer::{StatementObserver, observe};

/// How long to wait between attempts to reach a server that doesn't accept connections.
const RETRY_INTERVAL: Duration = Duration::from_millis(200);

/// How long the server keeps a transaction whose client is silent. It may hold locks.
const IDLE_IN_TRANSACTION: Duration = Duration::from_secs(60);

/// Settings with which the database server notices within a minute that this program's machine has vanished. The
/// default is two hours, in which no other server could become the sequencer, because the lock is held until the
/// connection ends.
const KEEPALIVE_SETTINGS: &str = "SET tcp_keepalives_idle = 30; SET tcp_keepalives_interval = 10; \
    SET tcp_keepalives_count = 3; SET tcp_user_timeout = 30000";

/// Settings for the planner: statements are planned once for all values. Each statement finds its rows by an index, so
/// a plan for particular values is no better, and planning costs more than execution. Without knowing the values, the
/// planner can't see that a page has few rows. So we disable JIT compilation, which would cost hundreds of
/// milliseconds, and materialization, which would keep a whole table in memory to join it with 50 messages.
const PLANNER_SETTINGS: &str =
    "SET plan_cache_mode = force_generic_plan; SET jit = off; SET enable_material = off";

/// The purpose of a connection. Its name is shown in `pg_stat_activity`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ConnectionPurpose {
    /// Migrates the schema.
    Migrate,
    /// Checks the stored data.
    Check,
    /// Runs commands that write.
    Write,
    /// Runs commands that read.
    Read,
    /// Assigns positions and reads the log.
    Log,
    /// Cancels statements of other connections.
    Cancel,
}

impl ConnectionPurpose {
    const fn name(self) -> &'static str {
        match self {
            Self::Migrate => "groupchat migrate",
            Self::Check => "groupchat check",
            Self::Write => "groupchat write",
            Self::Read => "groupchat read",
            Self::Log => "groupchat log",
            Self::Cancel => "groupchat cancel",
        }
    }
}

/// Opens connections to the database server.
#[derive(Clone)]
pub(crate) struct Connector {
    url: String,
    statement_timeout: Duration,
    read_timeout: Duration,
    observer: Option<StatementObserver>,
}

impl Connector {
    pub(crate) fn new(options: &PostgresOptions) -> Self {
        Self {
            url: options.url.clone(),
            statement_timeout: options.statement_timeout,
            read_timeout: options.read_timeout,
            observer: options.statement_observer.clone(),
        }
    }

    /// The database's name in messages.
    pub(crate) fn shown(&self) -> String {
        url::shown(&self.url)
    }

    /// Whether more time has passed since then than a statement may take.
    pub(super) fn is_past_timeout(&self, since: Instant) -> bool {
        !self.statement_timeout.is_zero() && since.elapsed() >= self.statement_timeout
    }

    /// Opens a connection.
    ///
    /// # Errors
    /// The error of libpq or the server. It contains the user and the host, but never the password of a valid URL.
    pub(super) fn connect(&self, purpose: ConnectionPurpose) -> Result<PgConnection, String> {
        let mut connection =
            PgConnection::establish(&url::with_defaults(&self.url)).map_err(|error| error.to_string())?;
        connection.batch_execute(&self.settings(purpose)).map_err(|error| error.to_string())?;
        if let (Some(observer), ConnectionPurpose::Write | ConnectionPurpose::Read) =
            (&self.observer, purpose)
        {
            observe(&mut connection, observer.clone());
        }
        Ok(connection)
    }

    /// The same, but retries until the server accepts connections or time is up.
    ///
    /// # Errors
    /// [`OpenError::Unreachable`], with the last failure.
    pub(crate) fn connect_within(
        &self,
        purpose: ConnectionPurpose,
        time: Duration,
    ) -> Result<PgConnection, OpenError> {
        let until = Instant::now() + time;
        let mut is_logged = false;
        loop {
            let reason = match self.connect(purpose) {
                Ok(connection) => return Ok(connection),
                Err(reason) => reason,
            };
            if Instant::now() + RETRY_INTERVAL >= until {
                return Err(OpenError::Unreachable { database: self.shown(), reason });
            }
            if !is_logged {
                tracing::warn!(database = self.shown(), reason, "waiting for the database server");
                is_logged = true;
            }
            std::thread::sleep(RETRY_INTERVAL);
        }
    }

    /// How long a statement of a read command may take: the smaller of the two limits.
    fn statement_of_read(&self) -> Duration {
        let limits = [self.statement_timeout, self.read_timeout];
        limits.into_iter().filter(|limit| !limit.is_zero()).min().unwrap_or_default()
    }

    /// A commit that the server keeps only in memory could be lost after it was acknowledged. So we override a server
    /// or role that is configured like this. Stronger guarantees are left unchanged.
    fn settings(&self, purpose: ConnectionPurpose) -> String {
        let timeout = match purpose {
            ConnectionPurpose::Migrate | ConnectionPurpose::Check => Duration::ZERO,
            ConnectionPurpose::Write | ConnectionPurpose::Log | ConnectionPurpose::Cancel => {
                self.statement_timeout
            }
            ConnectionPurpose::Read => self.statement_of_read(),
        };
        format!(
            "SET application_name = '{}'; SET statement_timeout = {}; {KEEPALIVE_SETTINGS}; {PLANNER_SETTINGS}; \
             SET idle_in_transaction_session_timeout = {}; SET client_min_messages = warning; \
             SELECT set_config('synchronous_commit', 'on', false) \
             WHERE current_setting('synchronous_commit') = 'off'",
            purpose.name(),
            timeout.as_millis(),
            IDLE_IN_TRANSACTION.as_millis(),
        )
    }
}

//! Opening connections, each set up for its purpose.

use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;

use super::error::OpenError;
use super::options::PostgresOptions;
use super::url;
use crate::observer::{StatementObserver, observe};

/// Between two tries to reach a server that doesn't accept connections.
const RETRY_INTERVAL: Duration = Duration::from_millis(200);

/// How long the server keeps a transaction whose client says nothing more: it may hold locks.
const IDLE_IN_TRANSACTION: Duration = Duration::from_secs(60);

/// What makes the server notice within a minute that this program has vanished without a word, its machine cut off. By
/// itself it takes two hours, in which nobody else could number events: the right to is held until the session ends.
const KEEPALIVE_SETTINGS: &str = "SET tcp_keepalives_idle = 30; SET tcp_keepalives_interval = 10; \
    SET tcp_keepalives_count = 3; SET tcp_user_timeout = 30000";

/// How statements are planned: once for all values. Each finds its rows by an index, so a plan that suits the values
/// is no better, and making it costs more than running it. Without knowing the values the planner can't see how few
/// rows a page has; compiling for many would cost hundreds of milliseconds, and keeping a whole table at hand to
/// join it with 50 messages grows with the table.
const PLANNER_SETTINGS: &str =
    "SET plan_cache_mode = force_generic_plan; SET jit = off; SET enable_material = off";

/// What a connection is for. The name is shown in `pg_stat_activity`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ConnectionPurpose {
    /// Migrates the schema.
    Migrate,
    /// Looks whether all is well with what is stored.
    Check,
    /// Runs commands that write.
    Write,
    /// Runs commands that read.
    Read,
    /// Numbers and reads the log.
    Log,
    /// Ends what others run.
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

    /// The database's name for people.
    pub(crate) fn shown(&self) -> String {
        url::shown(&self.url)
    }

    /// Whether as much time has passed as a statement may take.
    pub(super) fn is_past_timeout(&self, since: Instant) -> bool {
        !self.statement_timeout.is_zero() && since.elapsed() >= self.statement_timeout
    }

    /// Opens a connection.
    ///
    /// # Errors
    /// What libpq or the server says. It names the user and the host, and never the password of a URL that is sound.
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

    /// The same, until the server accepts connections or time is up.
    ///
    /// # Errors
    /// [`OpenError::Unreachable`], with the last failure.
    pub(crate) fn connect_within(
        &self,
        purpose: ConnectionPurpose,
        time: Duration,
    ) -> Result<PgConnection, OpenError> {
        let until = Instant::now() + time;
        let mut told = false;
        loop {
            let reason = match self.connect(purpose) {
                Ok(connection) => return Ok(connection),
                Err(reason) => reason,
            };
            if Instant::now() + RETRY_INTERVAL >= until {
                return Err(OpenError::Unreachable { database: self.shown(), reason });
            }
            if !told {
                tracing::warn!(database = self.shown(), reason, "waiting for the database server");
                told = true;
            }
            std::thread::sleep(RETRY_INTERVAL);
        }
    }

    /// How long a statement of a command that reads may take: the lesser of the limits that there are.
    fn statement_of_read(&self) -> Duration {
        let limits = [self.statement_timeout, self.read_timeout];
        limits.into_iter().filter(|limit| !limit.is_zero()).min().unwrap_or_default()
    }

    /// A commit that only the memory of the server knows would be lost with it, after it was acknowledged: a server
    /// or a role that is set up so is overruled. Stronger guarantees are left as they are.
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

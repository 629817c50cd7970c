//! The one table of settings. TOML keys, variables, flags, their checks and the documentation come from it.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use groupchat_api::Network;

use super::error::ConfigError;
use super::layers::Layers;
use super::rule::{
    Rule, Shape, choice, database, days, folder, integer, log_filter, networks, seconds, site, sites,
    socket_address,
};
use crate::database_url::DatabaseUrl;
use crate::logging::LogFormat;

/// A row of the table.
#[derive(Debug, Clone)]
pub(crate) struct Setting {
    /// Its name: the path to it in TOML.
    pub name: &'static str,
    /// What it means, in a sentence or two.
    pub meaning: &'static str,
    /// What it is when nobody sets it, as a variable would be written.
    pub default: &'static str,
    /// What it may be.
    pub shape: Shape,
}

impl Setting {
    fn new<T>(name: &'static str, meaning: &'static str, default: &'static str, rule: Rule<T>) -> Self {
        Self { name, meaning: meaning.trim(), default, shape: rule.shape }
    }

    /// The environment variable that sets it.
    pub(crate) fn variable(&self) -> String {
        format!("GROUPCHAT_{}", self.name.replace('.', "_").to_uppercase())
    }

    /// The flag that sets it, without its dashes.
    pub(crate) fn flag(&self) -> String {
        self.name.replace(['.', '_'], "-")
    }
}

macro_rules! settings {
    ($($(#[doc = $meaning:literal])+ $name:literal => $field:ident: $type:ty = $default:literal, $rule:expr;)+) => {
        /// The configuration: every setting's value, checked.
        #[derive(Debug, Clone)]
        #[cfg_attr(
            not(feature = "postgres"),
            expect(dead_code, reason = "some settings are for PostgreSQL only; every build has the same table")
        )]
        pub(crate) struct Config {
            $($(#[doc = $meaning])+ pub $field: $type,)+
        }

        /// Every setting, in the order of the documentation.
        pub(crate) fn settings() -> Vec<Setting> {
            vec![$(Setting::new($name, concat!($($meaning),+), $default, $rule)),+]
        }

        impl Config {
            /// Reads the value of every setting.
            ///
            /// # Errors
            /// All values that are not allowed, and all that was said beside them that can't be right.
            pub(crate) fn read(layers: &Layers) -> Result<Self, ConfigError> {
                let mut problems = layers.problems.clone();
                $(let $field: Option<$type> = layers.read($name, &$rule, &mut problems);)+
                match ($($field,)+) {
                    ($(Some($field),)+) if problems.is_empty() => Ok(Self { $($field),+ }),
                    _ => Err(ConfigError(problems)),
                }
            }
        }
    };
}

settings! {
    /// The folder that holds the database; made if it isn't there. A relative path starts at the working
    /// directory. With a `database_url` it is not used.
    "data_dir" => data_dir: PathBuf = "data", folder();

    /// A database on a PostgreSQL server, to be used in place of the embedded one. Needs a program built with
    /// PostgreSQL. Set it in the file or by the variable: everybody on the machine can see flags.
    "database_url" => database_url: Option<DatabaseUrl> = "", database();

    /// The address and port to listen on; the flag `--port` sets the port alone. Port 0 picks a free one and
    /// prints it. The server speaks plain HTTP: to reach it from elsewhere, let a reverse proxy on the same machine
    /// terminate TLS.
    "listen" => listen: SocketAddr = "127.0.0.1:5000", socket_address();

    /// Where people reach the server; told at the start and in the OpenAPI document. Empty: the start tells
    /// the address that it listens on, and the document holds for wherever it was fetched from.
    "public_url" => public_url: Option<String> = "", site();

    /// The reverse proxies in front of the server. From them, and only from them, `X-Forwarded-For` is
    /// believed, so that limits and session lists know the real address of a client;
    /// and `X-Forwarded-Host`, to tell which pages are of the server itself.
    "trusted_proxies" => trusted_proxies: Vec<Network> = "", networks();

    /// Threads that serve HTTP; 0 is one for each core.
    "workers" => workers: usize = "0", integer(0, 256).unit("threads");

    /// Connections that there may be at a time. The server raises its limit of open files as far as it may; where that
    /// is not enough, there are fewer. One more is answered 503 and closed.
    "http.connections" => http_connections: usize = "20000", integer(16, 1_000_000).unit("connections");

    /// Connections that an address (of IPv6, a /64 network) may have at a time, `trusted_proxies`, this machine and
    /// private addresses excepted. Whatever is set here, an address has at most three times as many as are free, and its
    /// neighbours (a /24 of IPv4, a /48 of IPv6) together seven times as many.
    "http.connections_per_address" => http_connections_per_address: usize = "1000",
        integer(1, 1_000_000).unit("connections");

    /// How long the head of a request may take, from its first byte to its last.
    "http.head_timeout" => http_head_timeout: Duration = "10", seconds(1, 600);

    /// How long a connection stays open without a request, after an answer.
    "http.keep_alive" => http_keep_alive: Duration = "30", seconds(1, 3600);

    /// How long a client may take nothing of its answer; one that takes less than 64 KiB a second uses this time up.
    /// Connections for events have rules of their own.
    "http.write_timeout" => http_write_timeout: Duration = "30", seconds(1, 3600);

    /// How a log line is written: `text` for people, `json` for machines.
    "log.format" => log_format: LogFormat = "text", choice(&LogFormat::WORDS);

    /// Which log lines are written, in the syntax of `tracing_subscriber::EnvFilter`. The line that each
    /// request leaves has the target `access` and the level `info`: `info,access=off` is without it. What the web
    /// server says of its own threads is left out unless `actix_server` is named.
    "log.filter" => log_filter: String = "info", log_filter();

    /// Threads that read the database, each with a connection; 0 is one for each core, from 2 to 8, and on
    /// PostgreSQL two for each, from 4 to 16.
    "storage.readers" => storage_readers: usize = "0", integer(0, 64).unit("threads");

    /// Threads that write to PostgreSQL, each with a connection. The embedded database has one.
    "storage.writers" => storage_writers: usize = "16", integer(1, 64).unit("threads");

    /// Commands that may wait for the writer, and as many for the readers; a caller may have an eighth of
    /// them. Who finds no place is answered 503 at once.
    "storage.queue" => storage_queue: usize = "4096", integer(8, 65_536).unit("commands");
    /// How long the start waits for the check of the embedded database for damage that follows a stop that was not clean.
    /// What takes longer goes on beside the requests, and `/api/health` tells.
    "storage.check_timeout" => storage_check_timeout: Duration = "10", seconds(0, 3600);

    /// How long the start waits for a PostgreSQL server that accepts no connections yet.
    "storage.start_timeout" => storage_start_timeout: Duration = "30", seconds(0, 3600);

    /// How long a request may read the database; it is then ended and answered 503, as it is when its caller has gone.
    "storage.read_timeout" => storage_read_timeout: Duration = "2", seconds(1, 600);

    /// How long a statement may take on PostgreSQL, waiting for locks included; the command it belongs to is
    /// then undone and answered 503.
    "storage.statement_timeout" => storage_statement_timeout: Duration = "30", seconds(1, 600);

    /// Room that is kept free on the file system of the embedded database, in MiB: with less than this and less than
    /// `storage.reserve_percent` of it free, ordinary writes are refused (507), while sign-ins, what frees room and
    /// server admins go on. On PostgreSQL its server has to see to that.
    "storage.reserve" => storage_reserve: u64 = "1024", integer(0, 1_000_000_000).unit("MiB");

    /// The same as a share of the file system; the less of the two counts. 0 keeps nothing free.
    "storage.reserve_percent" => storage_reserve_percent: u8 = "5", integer(0, 100).unit("percent");

    /// How much a user may write in the long run, on all connections to this server together. A write counts as 1 KiB
    /// and the size of its text. Who writes more is answered 429.
    "writes.rate" => writes_rate: u64 = "512", integer(1, 100_000_000).unit("KiB per second");

    /// How much a user may write at once; it comes back at the rate.
    "writes.burst" => writes_burst: u64 = "65536", integer(64, 100_000_000).unit("KiB");

    /// Requests that a caller may have in flight at a time: a user, or without a valid key an address (of IPv6, a /64
    /// network). One more is answered 429. All users together may have eight times as many, and so may all such
    /// addresses. Connections for events are not counted here.
    "limits.requests_in_flight" => requests_per_caller: u32 = "512", integer(1, 1_000_000).unit("requests");

    /// How much of what a user asked for may wait to be taken by the user's clients: pages of lists and events. More is
    /// answered 429, and a connection for events that doesn't go on is ended.
    "limits.undelivered_per_user" => undelivered_per_user: u64 = "8", integer(1, 65_536).unit("MiB");

    /// How much may wait for all users together; nobody may have more than half of what is left. More is answered 503.
    "limits.undelivered" => undelivered: u64 = "64", integer(4, 1_048_576).unit("MiB");

    /// How much may have come of request bodies that are not whole yet, for all users together; a user may have an eighth
    /// of it. Callers without a valid key may have a quarter besides. More is answered 503, or 429.
    "limits.incoming" => incoming: u64 = "64", integer(4, 1_048_576).unit("MiB");

    /// How long the key of a login works.
    "login.lifetime" => login_lifetime: Duration = "30", days(1, 3650);

    /// Sessions that a user may have at a time; beyond them a sign-in ends the one that was unused for longest.
    "login.sessions_per_user" => login_sessions_per_user: u32 = "200", integer(1, 10_000).unit("sessions");

    /// Wrong tries to sign in that an address (of IPv6, a /64 network) has; one comes back every 3 seconds.
    "login.attempts_per_address" => login_attempts_per_address: u32 = "20", integer(1, 10_000).unit("tries");

    /// Wrong tries to sign in that an account has from one address (of IPv6, a /64 network); one comes back
    /// every 10 seconds. From all addresses together from which it hasn't signed in lately it has ten times as many, and
    /// one comes back every second; when they are used up, each of these addresses has one try a minute.
    "login.attempts_per_account" => login_attempts_per_account: u32 = "10", integer(1, 10_000).unit("tries");

    /// For how long an address from which a user signed in is remembered. Those who guess passwords elsewhere are not in
    /// the way of logins from there.
    "login.known_networks_days" => login_known_networks_age: Duration = "90", days(1, 3650);

    /// Groups that a user may own; one more is refused. Like the other limits of groups it concerns what is new: what
    /// there is already stays.
    "groups.owned_per_user" => groups_owned_per_user: u32 = "500", integer(1, 1_000_000).unit("groups");

    /// Groups that a user may be in. Each costs something in every connection for events of the user.
    "groups.memberships_per_user" => groups_memberships_per_user: u32 = "1000", integer(1, 1_000_000).unit("groups");

    /// Members that a group may have.
    "groups.members" => groups_members: u32 = "50000", integer(1, 10_000_000).unit("members");

    /// How often a connection for events gives a sign of life. A client of a socket that says nothing, not even that
    /// it got the last two, is taken for gone at the third.
    "events.heartbeat" => events_heartbeat: Duration = "30", seconds(1, 300);

    /// Connections for events that a user may have at a time, on this server: sockets, streams and polls that wait.
    /// One more is refused.
    "events.connections_per_user" => events_connections_per_user: u32 = "100", integer(1, 10_000).unit("connections");

    /// Other sites whose pages may listen for events with a ticket. Those of the server itself and of the
    /// `public_url` always may.
    "events.allowed_origins" => events_allowed_origins: Vec<String> = "", sites();

    /// How long an event stays in the log. A client that was away for longer loads afresh what it shows.
    "events.retention_days" => events_retention_age: Duration = "7", days(1, 365);

    /// How many events stay in the log at most.
    "events.retention_rows" => events_retention_rows: i64 = "1000000", integer(100, 100_000_000).unit("events");

    /// The cost of a password's bcrypt hash: one more takes twice the time, at 12 some 0.3 s. Concerns new
    /// passwords, and each other one from its next login on.
    "password.cost" => password_cost: u32 = "12", integer(10, 14).unit("log2 of rounds");

    /// How long requests in flight may take to finish when the server is asked to stop, and then once more
    /// what they have queued.
    "shutdown.timeout" => shutdown_timeout: Duration = "10", seconds(1, 600);
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_default_is_allowed() {
        let layers = Layers::defaults();
        let config = Config::read(&layers).unwrap();
        assert_eq!(config.listen.port(), 5000);
        assert_eq!(config.login_lifetime, groupchat_domain::accounts::LOGIN_LIFETIME);
        assert_eq!(config.login_sessions_per_user, groupchat_domain::accounts::SESSIONS_PER_USER);
        assert_eq!(config.password_cost, groupchat_infra::hasher::DEFAULT_COST);
        assert_eq!(config.public_url, None);
    }

    #[test]
    fn names_variables_and_flags_tell_settings_apart() {
        let settings = settings();
        for name in [Setting::variable, Setting::flag] {
            let names: HashSet<_> = settings.iter().map(name).collect();
            assert_eq!(names.len(), settings.len());
        }
        let format = settings.iter().find(|setting| setting.name == "log.format").unwrap();
        assert_eq!(
            (format.variable().as_str(), format.flag().as_str()),
            ("GROUPCHAT_LOG_FORMAT", "log-format")
        );
    }

    #[test]
    fn the_defaults_for_events_are_those_of_the_other_layers() {
        let config = Config::read(&Layers::defaults()).unwrap();
        let usual = groupchat_domain::events::Retention::default();
        assert_eq!((config.events_retention_age, config.events_retention_rows), (usual.age, usual.rows));
        let usual = groupchat_api::ServerOptions::default();
        assert_eq!(config.events_heartbeat, usual.heartbeat);
        assert_eq!(config.events_connections_per_user, usual.connections_per_user);
    }

    #[test]
    fn the_default_quotas_are_those_of_the_domain() {
        let config = Config::read(&Layers::defaults()).unwrap();
        let usual = groupchat_domain::groups::Quotas::default();
        assert_eq!(config.groups_owned_per_user, usual.owned_groups);
        assert_eq!(config.groups_memberships_per_user, usual.memberships);
        assert_eq!(config.groups_members, usual.members);
    }

    #[test]
    fn the_default_pace_is_that_of_the_infrastructure() {
        let config = Config::read(&Layers::defaults()).unwrap();
        let usual = groupchat_infra::pace::WritePace::default();
        assert_eq!((config.writes_rate << 10, config.writes_burst << 10), (usual.rate, usual.burst));
    }

    #[test]
    fn the_defaults_for_connections_are_those_of_the_edge() {
        let config = Config::read(&Layers::defaults()).unwrap();
        let usual = groupchat_api::ConnectionOptions::default();
        assert_eq!(config.http_connections, usual.most);
        assert_eq!(config.http_connections_per_address, usual.most_of_network);
        assert_eq!(config.http_head_timeout, usual.timeouts.head);
        assert_eq!(config.http_keep_alive, usual.timeouts.keep_alive);
        assert_eq!(config.http_write_timeout, usual.timeouts.write);
        assert_eq!(config.shutdown_timeout, usual.shutdown);
    }

    #[test]
    fn the_default_limits_of_callers_are_those_of_the_api() {
        let config = Config::read(&Layers::defaults()).unwrap();
        let usual = groupchat_api::ServerOptions::default();
        assert_eq!(config.requests_per_caller, usual.requests_per_caller);
        assert_eq!(config.undelivered_per_user << 20, usual.undelivered_per_caller);
        assert_eq!(config.undelivered << 20, usual.undelivered);
        assert_eq!(config.incoming << 20, usual.incoming);
    }

    #[cfg(feature = "postgres")]
    #[test]
    fn the_defaults_for_postgresql_are_those_of_the_infrastructure() {
        let config = Config::read(&Layers::defaults()).unwrap();
        let usual = groupchat_infra::postgres::PostgresOptions::new("");
        assert_eq!(config.storage_writers, usual.writers);
        assert_eq!(config.storage_start_timeout, usual.connect_within);
        assert_eq!(config.storage_statement_timeout, usual.statement_timeout);
        assert_eq!(config.storage_read_timeout, usual.read_timeout);
    }

    #[test]
    fn the_default_limits_of_logins_are_those_of_the_infrastructure() {
        use groupchat_infra::attempts::Allowance;
        let config = Config::read(&Layers::defaults()).unwrap();
        assert_eq!(config.login_attempts_per_address, Allowance::PER_ADDRESS.capacity);
        assert_eq!(config.login_attempts_per_account, Allowance::PER_ACCOUNT.capacity);
        assert_eq!(config.login_known_networks_age, groupchat_domain::accounts::KNOWN_NETWORK_RETENTION);
    }
}

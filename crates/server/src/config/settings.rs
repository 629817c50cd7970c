//! The one table of settings. TOML keys, variables, flags, checks and the documentation follow from it.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use groupchat_api::IpNetwork;
use groupchat_domain::accounts::FactorPolicy;
use groupchat_domain::admissions::SignUpOpening;
use groupchat_domain::groups::RetentionDays;
use groupchat_domain::ids::GroupId;
use groupchat_domain::rates::RequestRate;
use groupchat_infra::mail::MailSender;
use groupchat_infra::secrets::KeyRing;

use super::error::ConfigError;
use super::layers::Layers;
use super::rule::{
    choice, database, days, domains, folder, groups, https_url, integer, keys, log_filter, mail_address,
    mail_sender, mail_server, minutes, networks, optional_file, optional_folder, rate, seconds, site, sites,
    socket_address,
};
use super::setting::Setting;
use crate::database_url::DatabaseUrl;
use crate::logging::LogFormat;
use crate::mail::server_url::MailServerUrl;

macro_rules! settings {
    ($(
        $(#[doc = $meaning:literal])+
        $name:literal => $field:ident: $type:ty = $default:literal, $rule:expr $(, $live:ident)?;
    )+) => {
        /// The configuration: every setting's value, checked.
        #[derive(Debug, Clone)]
        pub(crate) struct Config {
            $($(#[doc = $meaning])+ pub $field: $type,)+
        }

        /// Every setting, in the order of the documentation.
        pub(crate) fn settings() -> Vec<Setting> {
            vec![$(Setting::new($name, concat!($($meaning),+), $default, $rule)$(.$live())?),+]
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

            /// This with what is live of another one, and the names of what differs: settings that were taken over, and
            /// such as need a new start.
            pub(crate) fn reloaded(&self, other: Self) -> (Self, Differences) {
                let (mut config, mut differences) = (self.clone(), Differences::default());
                $(
                    let is_live = false $(|| stringify!($live) == "live")?;
                    if config.$field != other.$field {
                        differences.add($name, is_live);
                        if is_live {
                            config.$field = other.$field;
                        }
                    }
                )+
                (config, differences)
            }
        }
    };
}

/// The names of settings that differ.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Differences {
    /// Those that a running server takes over.
    pub live: Vec<&'static str>,
    /// Those that only a new start does.
    pub fixed: Vec<&'static str>,
}

impl Differences {
    fn add(&mut self, name: &'static str, is_live: bool) {
        if is_live { &mut self.live } else { &mut self.fixed }.push(name);
    }
}

settings! {
    /// The folder that contains the database. It is created if it doesn't exist. A relative path starts at the working
    /// directory. Not used if `database_url` is set.
    "data_dir" => data_dir: PathBuf = "data", folder();

    /// The address of a PostgreSQL database to use instead of the embedded one. Needs a program built with PostgreSQL
    /// support. Set it in the file or in the environment variable, because everyone on the machine can see flags.
    "database_url" => database_url: Option<DatabaseUrl> = "", database();

    /// The address and port to listen on. The flag `--port` sets only the port. With port 0, the server picks a free
    /// port and prints it. To reach it from other machines, set `tls.certificate`, or use a reverse proxy on the
    /// same machine that terminates TLS.
    "listen" => listen: SocketAddr = "127.0.0.1:5000", socket_address();

    /// The address that people use to reach the server. It is printed at start and appears in the OpenAPI document. If
    /// empty, the server prints the address that it listens on, and the document applies to the address that it was
    /// fetched from. Passkeys are bound to its host: another host makes all of them useless.
    "public_url" => public_url: Option<String> = "", site();

    /// The reverse proxies in front of the server. Only from these, the server trusts `X-Forwarded-For`, which gives
    /// limits and session lists the real addresses of clients, and `X-Forwarded-Host`, which tells whether a page
    /// belongs to the server itself.
    "trusted_proxies" => trusted_proxies: Vec<IpNetwork> = "", networks();

    /// Threads that serve HTTP. 0 means one for each core.
    "workers" => workers: usize = "0", integer(0, 256).unit("threads");

    /// Maximum number of connections. The server raises its limit of open files as far as it can; if that is not
    /// enough, it accepts fewer connections. Any further connection gets a 503 and is closed.
    "http.connections" => http_connections: usize = "20000", integer(16, 1_000_000).unit("connections");

    /// Maximum number of connections from one address (for IPv6, a /64 network), except from `trusted_proxies`, this
    /// machine and private addresses. In addition, an address never gets more than three quarters of the connections
    /// that others leave free, and its block (a /24 of IPv4, a /48 of IPv6) never more than seven eighths.
    "http.connections_per_address" => http_connections_per_address: usize = "1000",
        integer(1, 1_000_000).unit("connections");

    /// Timeout for the head of a request, from its first byte to its last.
    "http.head_timeout" => http_head_timeout: Duration = "10", seconds(1, 600);

    /// How long a connection stays open after a response without a new request.
    "http.keep_alive" => http_keep_alive: Duration = "30", seconds(1, 3600);

    /// How long a client may read nothing of its response. A client that reads less than 64 KiB a second uses up this
    /// time. Connections for events have their own rules.
    "http.write_timeout" => http_write_timeout: Duration = "30", seconds(1, 3600);

    /// Other sites whose pages may use the API, events included (CORS). Pages of the server itself can always use it.
    "http.allowed_origins" => http_allowed_origins: Vec<String> = "", sites(), live;

    /// A file in PEM with the certificate for TLS, followed by those of its issuers. With this and `tls.key`, the server
    /// speaks HTTPS only. When the files change, the new ones are used a few seconds later.
    "tls.certificate" => tls_certificate: Option<PathBuf> = "", optional_file();

    /// A file in PEM with the private key of the certificate.
    "tls.key" => tls_key: Option<PathBuf> = "", optional_file();

    /// The domains to get a certificate for from a certificate authority, by ACME. With this, the server speaks HTTPS
    /// only, and keeps the certificate valid. Clients and the authority must reach it on port 443 of each domain.
    /// Setting this means that you agree to the authority's terms of service.
    "tls.acme.domains" => tls_acme_domains: Vec<String> = "", domains();

    /// The mail address that the certificate authority may write to.
    "tls.acme.contact" => tls_acme_contact: Option<String> = "", mail_address();

    /// The certificate authority: the address of its ACME directory. The default is Let's Encrypt.
    "tls.acme.directory" => tls_acme_directory: String = "https://acme-v02.api.letsencrypt.org/directory", https_url();

    /// A file in PEM with the certificate of whoever has issued the authority's own, for an authority in your network.
    "tls.acme.ca_file" => tls_acme_ca_file: Option<PathBuf> = "", optional_file();

    /// The folder for the account at the authority and the certificate. If empty, the folder `acme` in the data folder.
    "tls.acme.folder" => tls_acme_folder: Option<PathBuf> = "", optional_folder();

    /// With TLS, how long browsers are told to come back by HTTPS only (`Strict-Transport-Security`). 0 tells them nothing.
    "tls.hsts_days" => tls_hsts: Duration = "365", days(0, 3_650), live;

    /// Whether browsers are told that for all names below the server's, too (`includeSubDomains`). Other services there need
    /// TLS then: browsers that were told so don't come to them without.
    "tls.hsts_subdomains" => tls_hsts_subdomains: bool = "no", choice(&[("no", false), ("yes", true)]), live;

    /// The format of log lines: `text` for people, `json` for programs.
    "log.format" => log_format: LogFormat = "text", choice(&LogFormat::WORDS);

    /// Which log lines are written, in the syntax of `tracing_subscriber::EnvFilter`. Each request writes a line with
    /// the target `access` and the level `info`; `info,access=off` turns these lines off. Messages of the web server
    /// about its own threads are hidden unless the filter names `actix_server`.
    "log.filter" => log_filter: String = "info", log_filter(), live;

    /// Threads that read the database, each with its own connection. 0 means one for each core, but from 2 to 8; on
    /// PostgreSQL two for each core, from 4 to 16.
    "storage.readers" => storage_readers: usize = "0", integer(0, 64).unit("threads");

    /// Threads that write to PostgreSQL, each with its own connection. The embedded database has one.
    "storage.writers" => storage_writers: usize = "16", integer(1, 64).unit("threads");

    /// Maximum number of commands that wait for the writer, and the same number for the readers. One caller can have an
    /// eighth of them. If the queue is full, a request gets 503 at once.
    "storage.queue" => storage_queue: usize = "4096", integer(8, 65_536).unit("commands");

    /// How long a start after an unclean shutdown waits for the damage check of the embedded database. A longer check
    /// continues while the server serves requests, and `/api/health` reports it.
    "storage.check_timeout" => storage_check_timeout: Duration = "10", seconds(0, 3600);

    /// How long the start waits for a PostgreSQL server that doesn't accept connections yet.
    "storage.start_timeout" => storage_start_timeout: Duration = "30", seconds(0, 3600);

    /// Timeout for reading the database in a request. After it, or when the caller is gone, the read is interrupted and
    /// the response is 503.
    "storage.read_timeout" => storage_read_timeout: Duration = "2", seconds(1, 600);

    /// Timeout for a statement on PostgreSQL, including the time that it waits for locks. After it, the command is
    /// rolled back and the response is 503.
    "storage.statement_timeout" => storage_statement_timeout: Duration = "30", seconds(1, 600);

    /// Space to keep free on the file system of the embedded database. If less than this and less than
    /// `storage.reserve_percent` is free, ordinary writes are rejected (507), but signing in, requests that free space,
    /// and server admins still work. On PostgreSQL, this is up to its server.
    "storage.reserve" => storage_reserve: u64 = "1024", integer(0, 1_000_000_000).unit("MiB");

    /// The same as a percentage of the file system. The smaller of the two values applies. 0 turns the reserve off.
    "storage.reserve_percent" => storage_reserve_percent: u8 = "5", integer(0, 100).unit("percent");

    /// How much a user can write per second in the long run, over all connections to this server. A write counts as 1
    /// KiB plus the size of its text, and an invitation or a request to join as 256 KiB. Anything more gets 429.
    "writes.rate" => writes_rate: u64 = "512", integer(1, 100_000_000).unit("KiB per second");

    /// How much a user can write at once. The allowance refills at `writes.rate`.
    "writes.burst" => writes_burst: u64 = "65536", integer(64, 100_000_000).unit("KiB");

    /// How often a caller can sign in: a user, or without a valid key an address (for IPv6, a /64 network). Anything more
    /// gets 429. The limits on wrong passwords (`login.attempts_per_address`) are much lower.
    "rates.login" => rates_login: Option<RequestRate> = "10/s burst 1000", rate(), live;

    /// How often a caller can sign in with a second factor. The limits on wrong codes are much lower.
    "rates.mfa" => rates_mfa: Option<RequestRate> = "10/s burst 1000", rate(), live;

    /// How often a caller can refresh sessions.
    "rates.refresh" => rates_refresh: Option<RequestRate> = "10/s burst 1000", rate(), live;

    /// How often a caller can open a socket or a stream for events.
    "rates.connect" => rates_connect: Option<RequestRate> = "10/s burst 200", rate(), live;

    /// How often a caller can look up or use codes of invite links, and of resets of passwords.
    "rates.code" => rates_code: Option<RequestRate> = "5/s burst 100", rate(), live;

    /// How often a caller can ask for a mail, such as a code that resets a password.
    "rates.mail" => rates_mail: Option<RequestRate> = "1/s burst 20", rate(), live;

    /// How often a user can begin to export all that is stored about them. One export of a user runs at a time on each server.
    "rates.export" => rates_export: Option<RequestRate> = "1/s burst 20", rate(), live;

    /// How often a caller can send and forward messages, over REST and sockets. `writes.rate` limits how much is stored.
    "rates.send" => rates_send: Option<RequestRate> = "1000/s burst 20000", rate(), live;

    /// How often a caller can change anything else.
    "rates.write" => rates_write: Option<RequestRate> = "1000/s burst 20000", rate(), live;

    /// How often a caller can search: lists with `q`.
    "rates.search" => rates_search: Option<RequestRate> = "50/s burst 500", rate(), live;

    /// How often a caller can read anything else.
    "rates.read" => rates_read: Option<RequestRate> = "2000/s burst 40000", rate(), live;

    /// Requests that a caller can have in flight: a user, or without a valid key an address (for IPv6, a /64 network).
    /// The next one gets 429. All users together can have eight times as many, and so can all such addresses.
    /// Connections for events don't count.
    "limits.requests_in_flight" => requests_per_caller: u32 = "512", integer(1, 1_000_000).unit("requests");

    /// How much data that a user requested can wait for the user's clients to read it: pages of lists, and events.
    /// Further requests get 429, and connections for events that make no progress are closed.
    "limits.undelivered_per_user" => undelivered_per_user: u64 = "8", integer(1, 65_536).unit("MiB");

    /// The same for all users together. No user can have more than half of what is left. Further requests get 503.
    "limits.undelivered" => undelivered: u64 = "64", integer(4, 1_048_576).unit("MiB");

    /// How much of incomplete request bodies the server holds for all users together. One user can have an eighth of
    /// it. Callers without a valid key have a quarter of it in addition. Further requests get 503 or 429.
    "limits.incoming" => incoming: u64 = "64", integer(4, 1_048_576).unit("MiB");

    /// How long the key from a login is valid, if the login doesn't ask for a refresh token.
    "login.lifetime" => login_lifetime: Duration = "30", days(1, 3650), live;

    /// How long a key is valid that comes with a refresh token.
    "login.key_minutes" => login_key: Duration = "60", minutes(5, 1440), live;

    /// How long a session with a refresh token lasts that is not refreshed.
    "login.refresh_idle_days" => login_refresh_idle: Duration = "30", days(1, 3650), live;

    /// How long a session with a refresh token lasts, however often it is refreshed.
    "login.refresh_days" => login_refresh_longest: Duration = "90", days(1, 3650), live;

    /// How long after a refresh the used token gets the same answer again, for clients that lost it. Later, it counts as
    /// stolen, and its session ends.
    "login.refresh_grace" => login_refresh_grace: Duration = "15", seconds(0, 300), live;

    /// Maximum number of sessions of a user. A further login ends the session that has been unused the longest.
    "login.sessions_per_user" => login_sessions_per_user: u32 = "200", integer(1, 10_000).unit("sessions"), live;

    /// Failed logins allowed from one address (for IPv6, a /64 network). One attempt comes back every 3 seconds. Of the
    /// attempts after these, each takes twice as long as the one before, up to a minute, until one is right.
    "login.attempts_per_address" => login_attempts_per_address: u32 = "20", integer(1, 10_000).unit("attempts");

    /// Failed logins allowed for an account from one address (for IPv6, a /64 network), and on one device on which the user
    /// has signed in before. One attempt comes back every 10 seconds. Of the attempts after these, each takes twice as long as
    /// the one before, up to 15 minutes, until one is right. All addresses from which the account hasn't signed in recently
    /// share ten times as many, and one comes back every second at first; when these are used up, each of these addresses
    /// has one attempt, which takes a minute at first to come back.
    "login.attempts_per_account" => login_attempts_per_account: u32 = "10", integer(1, 10_000).unit("attempts");

    /// How long the server remembers an address from which a user signed in. Password guessing from other addresses
    /// doesn't block logins from there.
    "login.known_networks_days" => login_known_networks_age: Duration = "90", days(1, 3650), live;

    /// How long the server remembers a device on which a user signed in, by the token that the device keeps. Password
    /// guessing elsewhere, and even from the same address, doesn't block logins on it.
    "login.known_devices_days" => login_known_devices_age: Duration = "90", days(1, 3650), live;

    /// Of whom the server requires a second factor. Whoever has none can do nothing but set one up, change the password, read
    /// their account, and log out. `admins` are server admins.
    "login.factor_required_of" => login_factor_required_of: FactorPolicy = "none", choice(&[("none", FactorPolicy::Nobody), ("admins", FactorPolicy::Admins), ("all", FactorPolicy::Everybody)]), live;

    /// Maximum number of groups that a user can own. Like the other limits on groups, it applies only to new groups and
    /// members; existing ones stay.
    "groups.owned_per_user" => groups_owned_per_user: u32 = "500", integer(1, 1_000_000).unit("groups"), live;

    /// Maximum number of groups that a user can be in. Each membership adds to the cost of every event connection of
    /// the user.
    "groups.memberships_per_user" => groups_memberships_per_user: u32 = "1000", integer(1, 1_000_000).unit("groups"), live;

    /// Maximum number of direct conversations that a user can have started or written in. They don't count as groups.
    "groups.direct_per_user" => groups_direct_per_user: u32 = "1000", integer(1, 1_000_000).unit("conversations"), live;

    /// Maximum number of members in a group.
    "groups.members" => groups_members: u32 = "50000", integer(1, 10_000_000).unit("members"), live;

    /// Groups that every new user is put into as a plain member, by their ids (`id` in `GET /api/groups`), which stay
    /// when a group is renamed. A group that doesn't exist, is archived, full or has nobody left in it is skipped, and
    /// the log says so. Applies to users created over REST and with `user create`, not to the first admin.
    "groups.default" => groups_default: Vec<GroupId> = "", groups(), live;

    /// How long after sending it an author can edit a message. Later edits are rejected (`too_late`). 0 means no limit.
    "messages.edit_window" => messages_edit_window: Duration = "0", seconds(0, 315_360_000), live;

    /// How long after sending it an author can delete a message. Members who may delete anybody's messages can always
    /// delete their own, too. 0 means no limit.
    "messages.delete_window" => messages_delete_window: Duration = "0", seconds(0, 315_360_000), live;

    /// After how many days messages are removed for good, with the replies to them, in groups and direct conversations that have no
    /// `retention_days` of their own. 0 means never.
    "retention.days" => retention_days: u16 = "0", integer(0, RetentionDays::MAX).unit("days"), live;

    /// The least number of days that a group can choose, unless whoever chooses manages the server. At most `retention.group_most`.
    "retention.group_least" => retention_group_least: u16 = "1", integer(1, RetentionDays::MAX).unit("days"), live;

    /// The most days that a group can choose, unless whoever chooses manages the server. 0 means any number, and for ever.
    "retention.group_most" => retention_group_most: u16 = "0", integer(0, RetentionDays::MAX).unit("days"), live;

    /// Whether messages that are pinned stay, however old they are, with the replies to them; and messages with a reply that is
    /// pinned, with all replies.
    "retention.keep_pinned" => retention_keep_pinned: bool = "yes", choice(&[("no", false), ("yes", true)]), live;

    /// Interval between heartbeats on connections for events. A socket client that sends nothing, not even a reply to
    /// the last two pings, is disconnected at the third heartbeat.
    "events.heartbeat" => events_heartbeat: Duration = "30", seconds(1, 300), live;

    /// Maximum number of event connections of a user on this server: sockets, streams and waiting polls. Any further
    /// connection is rejected.
    "events.connections_per_user" => events_connections_per_user: u32 = "100", integer(1, 10_000).unit("connections");

    /// Further sites whose pages may receive events with a ticket, but not use the rest of the API. Pages of the server
    /// itself, of `public_url` and of the sites in `http.allowed_origins` are always allowed.
    "events.allowed_origins" => events_allowed_origins: Vec<String> = "", sites(), live;

    /// How long an event stays in the log. A client that was away for longer must reload what it shows.
    "events.retention_days" => events_retention_age: Duration = "7", days(1, 365), live;

    /// Maximum number of events in the log.
    "events.retention_rows" => events_retention_rows: i64 = "1000000", integer(100, 100_000_000).unit("events"), live;

    /// How long an entry of the audit log stays.
    "audit.retention_days" => audit_retention: Duration = "365", days(1, 3_650), live;

    /// The mail server that takes mails of this server, for resets of passwords, for example; empty for none. `smtps://`
    /// means TLS from the first byte, `smtp://` STARTTLS, without which only a mail server on the same machine gets mail.
    "mail.server" => mail_server: Option<MailServerUrl> = "", mail_server();

    /// Who mails are from.
    "mail.from" => mail_from: Option<MailSender> = "", mail_sender();

    /// A file in PEM with certificates of authorities that the mail server is trusted by, besides those of the system.
    "mail.ca_file" => mail_ca_file: Option<PathBuf> = "", optional_file();

    /// How long a try to send a mail may take. After a failure there are two more, 5 and 30 seconds later.
    "mail.timeout" => mail_timeout: Duration = "20", seconds(1, 300);

    /// Who can make themselves an account (`POST /sign-up`) without an invite: nobody (`off`), whoever sends the code that the
    /// e-mail address gets (`confirmed`, which needs `mail.server`), or everybody (`on`).
    "sign_up.open" => sign_up_open: SignUpOpening = "off", choice(&[
        ("on", SignUpOpening::Open), ("confirmed", SignUpOpening::Confirmed), ("off", SignUpOpening::Closed),
    ]), live;

    /// Whether new passwords that are easy to guess are rejected (`too_common`): common ones, and those that are much like
    /// the username, the display name or the e-mail address. Existing passwords stay.
    "password.check" => password_check: bool = "on", choice(&[("on", true), ("off", false)]);

    /// The file with the keys that secrets are encrypted with, such as those of one-time passwords: one on each line, the
    /// newest first. If empty, it is `secrets.key` in the data folder, which the first start makes. With `database_url`
    /// there is none unless this names it, and all servers need the same.
    "secrets.key_file" => secrets_key_file: Option<PathBuf> = "", optional_file();

    /// The same keys themselves, separated by commas. Set them in the file or in the environment variable, because everyone
    /// on the machine can see flags.
    "secrets.key" => secrets_key: Option<KeyRing> = "", keys();

    /// The cost of bcrypt password hashes. One more doubles the time; 12 takes about 0.3 s. Applies to new passwords,
    /// and to each existing one from its next login.
    "password.cost" => password_cost: u32 = "12", integer(10, 14).unit("log2 of rounds");

    /// How long the server waits, when it stops, for requests in flight to finish, and then again for the commands that
    /// they have queued.
    "shutdown.timeout" => shutdown_timeout: Duration = "10", seconds(1, 600);
}

#[cfg(test)]
mod tests;
